# The config follows the chart's values at every start; `reset` refuses another network than the stored chain's.
# The RPC is for this pod alone. The identity, costly to make, is made once.
data=/var/run/tezos/node/data
mkdir -p "$data"
# By itself octez-node logs into files as well, 0.9 GB a week. There is no option against that, only the config.
rm -rf "$data/daily_logs"
command=init
if [ -f "$data/config.json" ]; then command=reset; fi
octez-node config "$command" --data-dir "$data" --network "$NETWORK" --history-mode "$HISTORY_MODE" \
  --rpc-addr 127.0.0.1:8732 --allow-all-rpc 127.0.0.1:8732
sinks='"file-descriptor-stdout://?format=pp-short\&level-at-least=notice"'
sed -i "1s|{|{ \"internal-events\": {\"active_sinks\": [$sinks]},|" "$data/config.json"
if [ ! -f "$data/identity.json" ]; then octez-node identity generate --data-dir "$data"; fi
