import datetime

from dealcast.events.v1 import events_pb2 as _events_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExportHistoryRequest(_message.Message):
    __slots__ = ("as_of",)
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ExportHistoryResponse(_message.Message):
    __slots__ = ("file", "chunk", "sha256")
    FILE_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    file: str
    chunk: bytes
    sha256: str
    def __init__(self, file: _Optional[str] = ..., chunk: _Optional[bytes] = ..., sha256: _Optional[str] = ...) -> None: ...

class GiveActionFeedbackRequest(_message.Message):
    __slots__ = ("feedback",)
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    feedback: _events_pb2.ActionFeedback
    def __init__(self, feedback: _Optional[_Union[_events_pb2.ActionFeedback, _Mapping]] = ...) -> None: ...

class GiveActionFeedbackResponse(_message.Message):
    __slots__ = ("feedback",)
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    feedback: _events_pb2.ActionFeedback
    def __init__(self, feedback: _Optional[_Union[_events_pb2.ActionFeedback, _Mapping]] = ...) -> None: ...

class BatchGetDealsRequest(_message.Message):
    __slots__ = ("deal_ids",)
    DEAL_IDS_FIELD_NUMBER: _ClassVar[int]
    deal_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, deal_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchGetDealsResponse(_message.Message):
    __slots__ = ("deals",)
    DEALS_FIELD_NUMBER: _ClassVar[int]
    deals: _containers.RepeatedCompositeFieldContainer[_events_pb2.DealEvent]
    def __init__(self, deals: _Optional[_Iterable[_Union[_events_pb2.DealEvent, _Mapping]]] = ...) -> None: ...
