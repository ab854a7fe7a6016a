# Only for an empty volume. A chain that was being imported when the pod was killed is no chain: it is thrown away.
data=/var/run/tezos/node/data
file=/var/run/tezos/node/snapshot
unfinished=/var/run/tezos/node/snapshot-unfinished
refused=/var/run/tezos/node/snapshot-refused
if [ -d "$data/store" ] && [ ! -f "$unfinished" ]; then
  echo "The volume holds a chain: no snapshot is needed."
  exit 0
fi
SHA256=${SHA256:-}
problem="at $SNAPSHOT_URL; wanted $SHA256; nothing was imported"
# Gigabytes are not fetched at each restart to be refused again.
if grep -qsF "$problem" "$refused"; then cat "$refused" >&2; exit 1; fi
touch "$unfinished"
echo "Fetching $SNAPSHOT_URL"
wget -q -O "$file" "$SNAPSHOT_URL"
if [ -n "$SHA256" ]; then
  found=$(sha256sum "$file")
  found=${found%% *}
  if [ "$found" != "$SHA256" ]; then
    rm "$file"
    echo "snapshot.sha256: found $found $problem" | tee "$refused" >&2
    exit 1
  fi
fi
octez-node snapshot import "$file" --data-dir "$data" --force ${BLOCK_HASH:+--block "$BLOCK_HASH"}
rm -f "$file" "$unfinished" "$refused"
