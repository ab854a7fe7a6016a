# A new release of Octez may want the chain in a new format; a chain that is up to date is left alone.
octez-node upgrade storage --data-dir /var/run/tezos/node/data
