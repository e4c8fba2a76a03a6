"""The self-check terminal's place in the registry: a virtual device whose reading goes the way an emergency goes."""

VENDOR = "self-check"
SERIAL = "canary"
HOME = "SELF-CHECK"
TYPE = "canary"
METRIC = "canary"
WAITING = "$SYS/broker/store/messages/bytes"  # there Mosquitto says how much it keeps for all sessions together …
DROPPED = "$SYS/broker/publish/messages/dropped"  # … and how many messages it dropped since it started
BROKER_ERRORS = "$SYS/broker/log/E"  # there Mosquitto says that a connection was closed for another with its client id
