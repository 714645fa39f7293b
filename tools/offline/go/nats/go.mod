module supercluster/tools/nats

go 1.24.0

require github.com/nats-io/natscli v0.3.0
