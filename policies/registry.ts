import { policyOf, type Rule } from "./rule";
import { backupsAreSafe } from "./rules/backups-are-safe";
import { boxHasNoAdministrator } from "./rules/box-has-no-administrator";
import { certificateIsRenewed } from "./rules/certificate-is-renewed";
import { chartValuesAreSettings } from "./rules/chart-values-are-settings";
import { clientPortHasTls } from "./rules/client-port-has-tls";
import { clientsLogIn } from "./rules/clients-log-in";
import { clusterHasItsRegionsName } from "./rules/cluster-has-its-regions-name";
import { consumerAcknowledges } from "./rules/consumer-acknowledges";
import { consumerFiltersAreOfItsStream } from "./rules/consumer-filters-are-of-its-stream";
import { consumerGivesUp } from "./rules/consumer-gives-up";
import { consumerHasAStream } from "./rules/consumer-has-a-stream";
import { dataIsProtected } from "./rules/data-is-protected";
import { exportIsToNamedTenants } from "./rules/export-is-to-named-tenants";
import { fileStreamHasThreeReplicas } from "./rules/file-stream-has-three-replicas";
import { gatewayMeshIsComplete } from "./rules/gateway-mesh-is-complete";
import { gatewayMeshIsSymmetric } from "./rules/gateway-mesh-is-symmetric";
import { gatewayPortHasAnAllowList } from "./rules/gateway-port-has-an-allow-list";
import { givenUpMessageStays } from "./rules/given-up-message-stays";
import { identityIsProtected } from "./rules/identity-is-protected";
import { imageIsPinned } from "./rules/image-is-pinned";
import { innerPortHasANetworkPolicy } from "./rules/inner-port-has-a-network-policy";
import { innerPortIsPrivate } from "./rules/inner-port-is-private";
import { interestStreamHasAConsumer } from "./rules/interest-stream-has-a-consumer";
import { jobRunsAlone } from "./rules/job-runs-alone";
import { kubernetesApiIsNotOpen } from "./rules/kubernetes-api-is-not-open";
import { loginIsOfOneAccount } from "./rules/login-is-of-one-account";
import { memoryStreamHasThreeReplicas } from "./rules/memory-stream-has-three-replicas";
import { memoryStreamIsBoundedInBytes } from "./rules/memory-stream-is-bounded-in-bytes";
import { mirrorIsOfALimitsStream } from "./rules/mirror-is-of-a-limits-stream";
import { nodeGroupIsSmall } from "./rules/node-group-is-small";
import { peersHaveMutualTls } from "./rules/peers-have-mutual-tls";
import { podIsRestricted } from "./rules/pod-is-restricted";
import { podsAreEvictedOneByOne } from "./rules/pods-are-evicted-one-by-one";
import { podsAreSpread } from "./rules/pods-are-spread";
import { podsWaitForTheRollout } from "./rules/pods-wait-for-the-rollout";
import { pushWorkerIsAlone } from "./rules/push-worker-is-alone";
import { releaseKeepsData } from "./rules/release-keeps-data";
import { replicasFitTheRegion } from "./rules/replicas-fit-the-region";
import { secretIsInItsPlace } from "./rules/secret-is-in-its-place";
import { storeFitsItsServer } from "./rules/store-fits-its-server";
import { storeHoldsWhatIsReserved } from "./rules/store-holds-what-is-reserved";
import { storeIsEncrypted } from "./rules/store-is-encrypted";
import { streamIsBounded } from "./rules/stream-is-bounded";
import { streamSizeIsExpected } from "./rules/stream-size-is-expected";
import { streamsDoNotOverlap } from "./rules/streams-do-not-overlap";
import { superclusterOutlivesARegion } from "./rules/supercluster-outlives-a-region";
import { unlimitedHasAReason } from "./rules/unlimited-has-a-reason";
import { userHasAnInboxOfItsOwn } from "./rules/user-has-an-inbox-of-its-own";
import { userMayNotDoEverything } from "./rules/user-may-not-do-everything";
import { volumeIsEncrypted } from "./rules/volume-is-encrypted";
import { volumeOutlivesItsClaim } from "./rules/volume-outlives-its-claim";
import { workQueueConsumersShareNothing } from "./rules/work-queue-consumers-share-nothing";
import { workerAnswersProbes } from "./rules/worker-answers-probes";
import { workerFinishesItsMessages } from "./rules/worker-finishes-its-messages";
import { workerWritesNoFiles } from "./rules/worker-writes-no-files";
import { workersHaveAMaximum } from "./rules/workers-have-a-maximum";
import { workersOutliveANode } from "./rules/workers-outlive-a-node";

/**
 * Every rule by what it is about. A new one is a file in rules/, a line here, and an accident that it stops
 * (tests/policies/accidents.ts).
 */
export const chapters: Readonly<Record<string, readonly Rule[]>> = {
  Servers: [
    clientPortHasTls,
    peersHaveMutualTls,
    clientsLogIn,
    boxHasNoAdministrator,
    secretIsInItsPlace,
    storeIsEncrypted,
    volumeIsEncrypted,
    volumeOutlivesItsClaim,
    storeFitsItsServer,
    innerPortIsPrivate,
    innerPortHasANetworkPolicy,
    gatewayPortHasAnAllowList,
    clusterHasItsRegionsName,
    gatewayMeshIsComplete,
    gatewayMeshIsSymmetric,
    superclusterOutlivesARegion,
    imageIsPinned,
    releaseKeepsData,
    podIsRestricted,
    podsAreSpread,
    podsAreEvictedOneByOne,
    podsWaitForTheRollout,
    chartValuesAreSettings,
  ],
  "Users and certificates": [
    userMayNotDoEverything,
    loginIsOfOneAccount,
    userHasAnInboxOfItsOwn,
    exportIsToNamedTenants,
    identityIsProtected,
    certificateIsRenewed,
  ],
  Streams: [
    streamIsBounded,
    memoryStreamIsBoundedInBytes,
    fileStreamHasThreeReplicas,
    memoryStreamHasThreeReplicas,
    replicasFitTheRegion,
    storeHoldsWhatIsReserved,
    streamsDoNotOverlap,
    mirrorIsOfALimitsStream,
    interestStreamHasAConsumer,
    dataIsProtected,
    streamSizeIsExpected,
    unlimitedHasAReason,
  ],
  Consumers: [
    consumerHasAStream,
    consumerFiltersAreOfItsStream,
    consumerAcknowledges,
    consumerGivesUp,
    givenUpMessageStays,
    workQueueConsumersShareNothing,
  ],
  Workers: [
    workerAnswersProbes,
    workerFinishesItsMessages,
    workerWritesNoFiles,
    workersOutliveANode,
    workersHaveAMaximum,
    pushWorkerIsAlone,
    jobRunsAlone,
  ],
  AWS: [backupsAreSafe, kubernetesApiIsNotOpen, nodeGroupIsSmall],
};

export const rules: readonly Rule[] = Object.values(chapters).flat();

export const policies = rules.map(policyOf);
