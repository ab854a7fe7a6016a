# Only for an empty volume. A chain that was being imported when the pod was killed is no chain: it is thrown away.
data=/var/run/tezos/node/data
file=/var/run/tezos/node/snapshot
unfinished=/var/run/tezos/node/snapshot-unfinished
if [ -d "$data/store" ] && [ ! -f "$unfinished" ]; then
  echo "The volume holds a chain: no snapshot is needed."
  exit 0
fi
touch "$unfinished"
echo "Fetching $SNAPSHOT_URL"
wget -q -O "$file" "$SNAPSHOT_URL"
octez-node snapshot import "$file" --data-dir "$data" --force
rm "$file" "$unfinished"
