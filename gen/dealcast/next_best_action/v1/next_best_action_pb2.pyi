from dealcast.common.v1 import insights_pb2 as _insights_pb2
from dealcast.events.v1 import events_pb2 as _events_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RankActionsRequest(_message.Message):
    __slots__ = ("deals",)
    DEALS_FIELD_NUMBER: _ClassVar[int]
    deals: _containers.RepeatedCompositeFieldContainer[_events_pb2.DealEvent]
    def __init__(self, deals: _Optional[_Iterable[_Union[_events_pb2.DealEvent, _Mapping]]] = ...) -> None: ...

class RankActionsResponse(_message.Message):
    __slots__ = ("next_actions",)
    NEXT_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    next_actions: _containers.RepeatedCompositeFieldContainer[_insights_pb2.NextActions]
    def __init__(self, next_actions: _Optional[_Iterable[_Union[_insights_pb2.NextActions, _Mapping]]] = ...) -> None: ...

class ListActionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListActionsResponse(_message.Message):
    __slots__ = ("actions",)
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    actions: _containers.RepeatedCompositeFieldContainer[CatalogueAction]
    def __init__(self, actions: _Optional[_Iterable[_Union[CatalogueAction, _Mapping]]] = ...) -> None: ...

class CatalogueAction(_message.Message):
    __slots__ = ("name", "channel", "text_en", "text_ko", "cost", "minutes", "eligibility", "applicability", "suitability", "message_en", "message_ko", "promotional", "tidy_up")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TEXT_EN_FIELD_NUMBER: _ClassVar[int]
    TEXT_KO_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    MINUTES_FIELD_NUMBER: _ClassVar[int]
    ELIGIBILITY_FIELD_NUMBER: _ClassVar[int]
    APPLICABILITY_FIELD_NUMBER: _ClassVar[int]
    SUITABILITY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_EN_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_KO_FIELD_NUMBER: _ClassVar[int]
    PROMOTIONAL_FIELD_NUMBER: _ClassVar[int]
    TIDY_UP_FIELD_NUMBER: _ClassVar[int]
    name: str
    channel: str
    text_en: str
    text_ko: str
    cost: float
    minutes: float
    eligibility: str
    applicability: str
    suitability: str
    message_en: str
    message_ko: str
    promotional: bool
    tidy_up: bool
    def __init__(self, name: _Optional[str] = ..., channel: _Optional[str] = ..., text_en: _Optional[str] = ..., text_ko: _Optional[str] = ..., cost: _Optional[float] = ..., minutes: _Optional[float] = ..., eligibility: _Optional[str] = ..., applicability: _Optional[str] = ..., suitability: _Optional[str] = ..., message_en: _Optional[str] = ..., message_ko: _Optional[str] = ..., promotional: _Optional[bool] = ..., tidy_up: _Optional[bool] = ...) -> None: ...

class GetCatalogueRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCatalogueResponse(_message.Message):
    __slots__ = ("text", "generation")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    text: str
    generation: int
    def __init__(self, text: _Optional[str] = ..., generation: _Optional[int] = ...) -> None: ...

class CheckCatalogueRequest(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class CheckCatalogueResponse(_message.Message):
    __slots__ = ("actions",)
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    actions: _containers.RepeatedCompositeFieldContainer[CatalogueAction]
    def __init__(self, actions: _Optional[_Iterable[_Union[CatalogueAction, _Mapping]]] = ...) -> None: ...

class GetModelRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetModelResponse(_message.Message):
    __slots__ = ("model_version", "generation", "digest", "prior", "evaluation_json")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PRIOR_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_JSON_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    generation: int
    digest: str
    prior: bool
    evaluation_json: str
    def __init__(self, model_version: _Optional[str] = ..., generation: _Optional[int] = ..., digest: _Optional[str] = ..., prior: _Optional[bool] = ..., evaluation_json: _Optional[str] = ...) -> None: ...

class SimilarDealsRequest(_message.Message):
    __slots__ = ("deal", "count")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    deal: _events_pb2.DealEvent
    count: int
    def __init__(self, deal: _Optional[_Union[_events_pb2.DealEvent, _Mapping]] = ..., count: _Optional[int] = ...) -> None: ...

class SimilarDealsResponse(_message.Message):
    __slots__ = ("deals", "text_pending")
    DEALS_FIELD_NUMBER: _ClassVar[int]
    TEXT_PENDING_FIELD_NUMBER: _ClassVar[int]
    deals: _containers.RepeatedCompositeFieldContainer[SimilarDeal]
    text_pending: bool
    def __init__(self, deals: _Optional[_Iterable[_Union[SimilarDeal, _Mapping]]] = ..., text_pending: _Optional[bool] = ...) -> None: ...

class SimilarDeal(_message.Message):
    __slots__ = ("deal_id", "likeness", "won", "as_of_day", "next_activity", "days_to_next", "days_to_close")
    DEAL_ID_FIELD_NUMBER: _ClassVar[int]
    LIKENESS_FIELD_NUMBER: _ClassVar[int]
    WON_FIELD_NUMBER: _ClassVar[int]
    AS_OF_DAY_FIELD_NUMBER: _ClassVar[int]
    NEXT_ACTIVITY_FIELD_NUMBER: _ClassVar[int]
    DAYS_TO_NEXT_FIELD_NUMBER: _ClassVar[int]
    DAYS_TO_CLOSE_FIELD_NUMBER: _ClassVar[int]
    deal_id: str
    likeness: float
    won: bool
    as_of_day: str
    next_activity: str
    days_to_next: int
    days_to_close: int
    def __init__(self, deal_id: _Optional[str] = ..., likeness: _Optional[float] = ..., won: _Optional[bool] = ..., as_of_day: _Optional[str] = ..., next_activity: _Optional[str] = ..., days_to_next: _Optional[int] = ..., days_to_close: _Optional[int] = ...) -> None: ...
