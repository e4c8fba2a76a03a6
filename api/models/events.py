"""What the live feed sends."""

from api.models.alerts import Alert, AlertEvent
from api.values import Answer


class AlertChanged(Answer):
    """The data of an `alert` event."""

    event: AlertEvent
    alert: Alert
