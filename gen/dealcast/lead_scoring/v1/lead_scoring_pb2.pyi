from dealcast.common.v1 import columns_pb2 as _columns_pb2
from dealcast.common.v1 import insights_pb2 as _insights_pb2
from dealcast.common.v1 import records_pb2 as _records_pb2
from dealcast.events.v1 import events_pb2 as _events_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ScoreDealsRequest(_message.Message):
    __slots__ = ("deal_ids", "rows", "columns")
    DEAL_IDS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    deal_ids: _containers.RepeatedScalarFieldContainer[str]
    rows: int
    columns: _containers.RepeatedCompositeFieldContainer[_columns_pb2.Column]
    def __init__(self, deal_ids: _Optional[_Iterable[str]] = ..., rows: _Optional[int] = ..., columns: _Optional[_Iterable[_Union[_columns_pb2.Column, _Mapping]]] = ...) -> None: ...

class ScoreDealsResponse(_message.Message):
    __slots__ = ("deal_ids", "probability", "low", "high", "model_version", "prior")
    DEAL_IDS_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    PRIOR_FIELD_NUMBER: _ClassVar[int]
    deal_ids: _containers.RepeatedScalarFieldContainer[str]
    probability: _containers.RepeatedScalarFieldContainer[float]
    low: _containers.RepeatedScalarFieldContainer[float]
    high: _containers.RepeatedScalarFieldContainer[float]
    model_version: str
    prior: bool
    def __init__(self, deal_ids: _Optional[_Iterable[str]] = ..., probability: _Optional[_Iterable[float]] = ..., low: _Optional[_Iterable[float]] = ..., high: _Optional[_Iterable[float]] = ..., model_version: _Optional[str] = ..., prior: _Optional[bool] = ...) -> None: ...

class ScoreDealRequest(_message.Message):
    __slots__ = ("deal",)
    DEAL_FIELD_NUMBER: _ClassVar[int]
    deal: _events_pb2.DealEvent
    def __init__(self, deal: _Optional[_Union[_events_pb2.DealEvent, _Mapping]] = ...) -> None: ...

class ScoreDealResponse(_message.Message):
    __slots__ = ("deal_id", "probability", "low", "high", "model_version", "prior")
    DEAL_ID_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    PRIOR_FIELD_NUMBER: _ClassVar[int]
    deal_id: str
    probability: float
    low: float
    high: float
    model_version: str
    prior: bool
    def __init__(self, deal_id: _Optional[str] = ..., probability: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., model_version: _Optional[str] = ..., prior: _Optional[bool] = ...) -> None: ...

class ExplainDealRequest(_message.Message):
    __slots__ = ("deal",)
    DEAL_FIELD_NUMBER: _ClassVar[int]
    deal: _events_pb2.DealEvent
    def __init__(self, deal: _Optional[_Union[_events_pb2.DealEvent, _Mapping]] = ...) -> None: ...

class ExplainDealResponse(_message.Message):
    __slots__ = ("lead_score",)
    LEAD_SCORE_FIELD_NUMBER: _ClassVar[int]
    lead_score: _insights_pb2.LeadScore
    def __init__(self, lead_score: _Optional[_Union[_insights_pb2.LeadScore, _Mapping]] = ...) -> None: ...

class HypotheticalChange(_message.Message):
    __slots__ = ("field", "value")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    field: str
    value: _records_pb2.FieldValue
    def __init__(self, field: _Optional[str] = ..., value: _Optional[_Union[_records_pb2.FieldValue, _Mapping]] = ...) -> None: ...

class WhatIfRequest(_message.Message):
    __slots__ = ("deal", "changes", "owner_name")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    OWNER_NAME_FIELD_NUMBER: _ClassVar[int]
    deal: _events_pb2.DealEvent
    changes: _containers.RepeatedCompositeFieldContainer[HypotheticalChange]
    owner_name: str
    def __init__(self, deal: _Optional[_Union[_events_pb2.DealEvent, _Mapping]] = ..., changes: _Optional[_Iterable[_Union[HypotheticalChange, _Mapping]]] = ..., owner_name: _Optional[str] = ...) -> None: ...

class Difference(_message.Message):
    __slots__ = ("field", "value_before", "value_after", "effect_before", "effect_after", "effect", "text_en", "text_ko")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VALUE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    VALUE_AFTER_FIELD_NUMBER: _ClassVar[int]
    EFFECT_BEFORE_FIELD_NUMBER: _ClassVar[int]
    EFFECT_AFTER_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    TEXT_EN_FIELD_NUMBER: _ClassVar[int]
    TEXT_KO_FIELD_NUMBER: _ClassVar[int]
    field: str
    value_before: str
    value_after: str
    effect_before: float
    effect_after: float
    effect: float
    text_en: str
    text_ko: str
    def __init__(self, field: _Optional[str] = ..., value_before: _Optional[str] = ..., value_after: _Optional[str] = ..., effect_before: _Optional[float] = ..., effect_after: _Optional[float] = ..., effect: _Optional[float] = ..., text_en: _Optional[str] = ..., text_ko: _Optional[str] = ...) -> None: ...

class WhatIfResponse(_message.Message):
    __slots__ = ("before", "after", "differences")
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    before: _insights_pb2.LeadScore
    after: _insights_pb2.LeadScore
    differences: _containers.RepeatedCompositeFieldContainer[Difference]
    def __init__(self, before: _Optional[_Union[_insights_pb2.LeadScore, _Mapping]] = ..., after: _Optional[_Union[_insights_pb2.LeadScore, _Mapping]] = ..., differences: _Optional[_Iterable[_Union[Difference, _Mapping]]] = ...) -> None: ...

class GetModelRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetModelResponse(_message.Message):
    __slots__ = ("model_version", "generation", "digest", "prior", "columns", "evaluation_json")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PRIOR_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_JSON_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    generation: int
    digest: str
    prior: bool
    columns: _containers.RepeatedScalarFieldContainer[str]
    evaluation_json: str
    def __init__(self, model_version: _Optional[str] = ..., generation: _Optional[int] = ..., digest: _Optional[str] = ..., prior: _Optional[bool] = ..., columns: _Optional[_Iterable[str]] = ..., evaluation_json: _Optional[str] = ...) -> None: ...
