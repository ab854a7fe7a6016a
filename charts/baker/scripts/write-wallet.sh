# The keys' names, addresses and signers, as the chart's values have them now: a key that is gone from there is gone here.
mkdir -p /var/run/tezos/client
cp /wallet/public_key_hashs /wallet/public_keys /wallet/secret_keys /var/run/tezos/client/
