# octez-dal-node keeps what it was told, and adds to its delegates and peers what its next start says: one that is gone from
# the chart's values would stay. So it starts without both files.
data=/var/run/tezos/dal
rm -f "$data/config.json" "$data/store/profiles.json"
exec octez-dal-node "$@"
