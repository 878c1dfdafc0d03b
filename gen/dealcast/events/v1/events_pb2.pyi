import datetime

from dealcast.common.v1 import insights_pb2 as _insights_pb2
from dealcast.common.v1 import records_pb2 as _records_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Cause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_UNSPECIFIED: _ClassVar[Cause]
    CAUSE_CHANGED: _ClassVar[Cause]
    CAUSE_RESCORE: _ClassVar[Cause]

class FeedbackVerb(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEEDBACK_VERB_UNSPECIFIED: _ClassVar[FeedbackVerb]
    FEEDBACK_VERB_ACCEPT: _ClassVar[FeedbackVerb]
    FEEDBACK_VERB_DONE: _ClassVar[FeedbackVerb]
    FEEDBACK_VERB_DISMISS: _ClassVar[FeedbackVerb]
    FEEDBACK_VERB_SNOOZE: _ClassVar[FeedbackVerb]
    FEEDBACK_VERB_UNDO: _ClassVar[FeedbackVerb]

class AlertLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALERT_LEVEL_UNSPECIFIED: _ClassVar[AlertLevel]
    ALERT_LEVEL_AMBER: _ClassVar[AlertLevel]
    ALERT_LEVEL_RED: _ClassVar[AlertLevel]

class AlertState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALERT_STATE_UNSPECIFIED: _ClassVar[AlertState]
    ALERT_STATE_OPEN: _ClassVar[AlertState]
    ALERT_STATE_ACKNOWLEDGED: _ClassVar[AlertState]
    ALERT_STATE_CLOSED: _ClassVar[AlertState]
CAUSE_UNSPECIFIED: Cause
CAUSE_CHANGED: Cause
CAUSE_RESCORE: Cause
FEEDBACK_VERB_UNSPECIFIED: FeedbackVerb
FEEDBACK_VERB_ACCEPT: FeedbackVerb
FEEDBACK_VERB_DONE: FeedbackVerb
FEEDBACK_VERB_DISMISS: FeedbackVerb
FEEDBACK_VERB_SNOOZE: FeedbackVerb
FEEDBACK_VERB_UNDO: FeedbackVerb
ALERT_LEVEL_UNSPECIFIED: AlertLevel
ALERT_LEVEL_AMBER: AlertLevel
ALERT_LEVEL_RED: AlertLevel
ALERT_STATE_UNSPECIFIED: AlertState
ALERT_STATE_OPEN: AlertState
ALERT_STATE_ACKNOWLEDGED: AlertState
ALERT_STATE_CLOSED: AlertState

class ContactCounter(_message.Message):
    __slots__ = ("channel", "outbound_7_days", "outbound_30_days", "unanswered_in_a_row", "last_outbound_time", "last_inbound_time")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    OUTBOUND_7_DAYS_FIELD_NUMBER: _ClassVar[int]
    OUTBOUND_30_DAYS_FIELD_NUMBER: _ClassVar[int]
    UNANSWERED_IN_A_ROW_FIELD_NUMBER: _ClassVar[int]
    LAST_OUTBOUND_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_INBOUND_TIME_FIELD_NUMBER: _ClassVar[int]
    channel: str
    outbound_7_days: int
    outbound_30_days: int
    unanswered_in_a_row: int
    last_outbound_time: _timestamp_pb2.Timestamp
    last_inbound_time: _timestamp_pb2.Timestamp
    def __init__(self, channel: _Optional[str] = ..., outbound_7_days: _Optional[int] = ..., outbound_30_days: _Optional[int] = ..., unanswered_in_a_row: _Optional[int] = ..., last_outbound_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_inbound_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DealEvent(_message.Message):
    __slots__ = ("deal", "history", "activities", "contact_counters", "truncated", "business_day", "cause", "lead_score", "forecast", "next_actions", "activity_count", "answers")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    CONTACT_COUNTERS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_DAY_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    LEAD_SCORE_FIELD_NUMBER: _ClassVar[int]
    FORECAST_FIELD_NUMBER: _ClassVar[int]
    NEXT_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_COUNT_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    deal: _records_pb2.Deal
    history: _containers.RepeatedCompositeFieldContainer[_records_pb2.Change]
    activities: _containers.RepeatedCompositeFieldContainer[_records_pb2.Activity]
    contact_counters: _containers.RepeatedCompositeFieldContainer[ContactCounter]
    truncated: bool
    business_day: str
    cause: Cause
    lead_score: _insights_pb2.LeadScore
    forecast: _insights_pb2.Forecast
    next_actions: _insights_pb2.NextActions
    activity_count: int
    answers: _containers.RepeatedCompositeFieldContainer[ActionFeedback]
    def __init__(self, deal: _Optional[_Union[_records_pb2.Deal, _Mapping]] = ..., history: _Optional[_Iterable[_Union[_records_pb2.Change, _Mapping]]] = ..., activities: _Optional[_Iterable[_Union[_records_pb2.Activity, _Mapping]]] = ..., contact_counters: _Optional[_Iterable[_Union[ContactCounter, _Mapping]]] = ..., truncated: _Optional[bool] = ..., business_day: _Optional[str] = ..., cause: _Optional[_Union[Cause, str]] = ..., lead_score: _Optional[_Union[_insights_pb2.LeadScore, _Mapping]] = ..., forecast: _Optional[_Union[_insights_pb2.Forecast, _Mapping]] = ..., next_actions: _Optional[_Union[_insights_pb2.NextActions, _Mapping]] = ..., activity_count: _Optional[int] = ..., answers: _Optional[_Iterable[_Union[ActionFeedback, _Mapping]]] = ...) -> None: ...

class ActionFeedback(_message.Message):
    __slots__ = ("id", "deal_id", "action", "verb", "time", "suggestion_id", "reason", "until_date", "channel", "contact_id", "activity_id", "undoes", "shown", "by", "about")
    class About(_message.Message):
        __slots__ = ("stage", "amount", "close_date")
        STAGE_FIELD_NUMBER: _ClassVar[int]
        AMOUNT_FIELD_NUMBER: _ClassVar[int]
        CLOSE_DATE_FIELD_NUMBER: _ClassVar[int]
        stage: str
        amount: _records_pb2.Money
        close_date: str
        def __init__(self, stage: _Optional[str] = ..., amount: _Optional[_Union[_records_pb2.Money, _Mapping]] = ..., close_date: _Optional[str] = ...) -> None: ...
    class Shown(_message.Message):
        __slots__ = ("propensity", "place", "insight_id")
        PROPENSITY_FIELD_NUMBER: _ClassVar[int]
        PLACE_FIELD_NUMBER: _ClassVar[int]
        INSIGHT_ID_FIELD_NUMBER: _ClassVar[int]
        propensity: float
        place: int
        insight_id: str
        def __init__(self, propensity: _Optional[float] = ..., place: _Optional[int] = ..., insight_id: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    DEAL_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    VERB_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    SUGGESTION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UNTIL_DATE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    UNDOES_FIELD_NUMBER: _ClassVar[int]
    SHOWN_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    ABOUT_FIELD_NUMBER: _ClassVar[int]
    id: str
    deal_id: str
    action: str
    verb: FeedbackVerb
    time: _timestamp_pb2.Timestamp
    suggestion_id: str
    reason: str
    until_date: str
    channel: str
    contact_id: str
    activity_id: str
    undoes: str
    shown: ActionFeedback.Shown
    by: str
    about: ActionFeedback.About
    def __init__(self, id: _Optional[str] = ..., deal_id: _Optional[str] = ..., action: _Optional[str] = ..., verb: _Optional[_Union[FeedbackVerb, str]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., suggestion_id: _Optional[str] = ..., reason: _Optional[str] = ..., until_date: _Optional[str] = ..., channel: _Optional[str] = ..., contact_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., undoes: _Optional[str] = ..., shown: _Optional[_Union[ActionFeedback.Shown, _Mapping]] = ..., by: _Optional[str] = ..., about: _Optional[_Union[ActionFeedback.About, _Mapping]] = ...) -> None: ...

class Alert(_message.Message):
    __slots__ = ("id", "subject", "level", "state", "code", "text_en", "text_ko", "business_day", "raised_time", "changed_time", "who", "note")
    ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_EN_FIELD_NUMBER: _ClassVar[int]
    TEXT_KO_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_DAY_FIELD_NUMBER: _ClassVar[int]
    RAISED_TIME_FIELD_NUMBER: _ClassVar[int]
    CHANGED_TIME_FIELD_NUMBER: _ClassVar[int]
    WHO_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    id: str
    subject: str
    level: AlertLevel
    state: AlertState
    code: str
    text_en: str
    text_ko: str
    business_day: str
    raised_time: _timestamp_pb2.Timestamp
    changed_time: _timestamp_pb2.Timestamp
    who: str
    note: str
    def __init__(self, id: _Optional[str] = ..., subject: _Optional[str] = ..., level: _Optional[_Union[AlertLevel, str]] = ..., state: _Optional[_Union[AlertState, str]] = ..., code: _Optional[str] = ..., text_en: _Optional[str] = ..., text_ko: _Optional[str] = ..., business_day: _Optional[str] = ..., raised_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., changed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., who: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class DeadLetter(_message.Message):
    __slots__ = ("stream", "consumer", "subject", "data", "headers", "error", "problem", "deliveries", "failed_time")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STREAM_FIELD_NUMBER: _ClassVar[int]
    CONSUMER_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    FAILED_TIME_FIELD_NUMBER: _ClassVar[int]
    stream: str
    consumer: str
    subject: str
    data: bytes
    headers: _containers.ScalarMap[str, str]
    error: str
    problem: str
    deliveries: int
    failed_time: _timestamp_pb2.Timestamp
    def __init__(self, stream: _Optional[str] = ..., consumer: _Optional[str] = ..., subject: _Optional[str] = ..., data: _Optional[bytes] = ..., headers: _Optional[_Mapping[str, str]] = ..., error: _Optional[str] = ..., problem: _Optional[str] = ..., deliveries: _Optional[int] = ..., failed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
