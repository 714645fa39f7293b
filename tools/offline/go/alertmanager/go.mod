module supercluster/tools/alertmanager

go 1.23.0

require github.com/prometheus/alertmanager v0.28.1
