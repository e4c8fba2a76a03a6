"""What the live feed sends."""

from api.alerts.models import Alert, AlertEvent
from api.values import Answer, Instant


class AlertChanged(Answer):
    """The data of an `alert` event."""

    event: AlertEvent
    alert: Alert


class SessionEnd(Answer):
    """The data of a `session` event."""

    ends_at: Instant
