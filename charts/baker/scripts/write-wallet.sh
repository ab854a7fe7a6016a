# The keys' names, addresses and signers, as the chart's values have them now: a key that is gone from there is gone here.
# The config has baker and accuser log to their output alone. By themselves they write files as well, 162 MB a day with
# four keys, and a full volume ends all signing. What was left here of that goes first, for it may have filled the volume:
# those files, and what a program could not write to its end.
client=/var/run/tezos/client
mkdir -p "$client"
rm -rf "$client/logs"
find "$client" -name '*.tmp' -exec rm -f {} +
# With the key that signs the requests, which a Secret holds, before the list's end.
secret_keys() {
  if [ ! -f /authentication/entry ]; then
    cat /wallet/secret_keys
    return
  fi
  sed '$d' /wallet/secret_keys
  echo ,
  cat /authentication/entry
  echo
  echo ]
}
umask 077
secret_keys > "$client/secret_keys.tmp"
for file in public_key_hashs public_keys config; do cp "/wallet/$file" "$client/$file.tmp"; done
for file in public_key_hashs public_keys secret_keys config; do mv "$client/$file.tmp" "$client/$file"; done
