# The config follows the chart's values at every start; `reset` refuses another network than the stored chain's.
# The RPC is for this pod alone. The identity, costly to make, is made once.
data=/var/run/tezos/node/data
mkdir -p "$data"
command=init
if [ -f "$data/config.json" ]; then command=reset; fi
octez-node config "$command" --data-dir "$data" --network "$NETWORK" --history-mode "$HISTORY_MODE" \
  --rpc-addr 127.0.0.1:8732 --allow-all-rpc 127.0.0.1:8732
if [ ! -f "$data/identity.json" ]; then octez-node identity generate --data-dir "$data"; fi
