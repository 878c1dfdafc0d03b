from dealcast.common.v1 import insights_pb2 as _insights_pb2
from dealcast.events.v1 import events_pb2 as _events_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ForecastDealsRequest(_message.Message):
    __slots__ = ("deals",)
    DEALS_FIELD_NUMBER: _ClassVar[int]
    deals: _containers.RepeatedCompositeFieldContainer[_events_pb2.DealEvent]
    def __init__(self, deals: _Optional[_Iterable[_Union[_events_pb2.DealEvent, _Mapping]]] = ...) -> None: ...

class ForecastDealsResponse(_message.Message):
    __slots__ = ("forecasts",)
    FORECASTS_FIELD_NUMBER: _ClassVar[int]
    forecasts: _containers.RepeatedCompositeFieldContainer[_insights_pb2.Forecast]
    def __init__(self, forecasts: _Optional[_Iterable[_Union[_insights_pb2.Forecast, _Mapping]]] = ...) -> None: ...

class GetRollupRequest(_message.Message):
    __slots__ = ("period", "node", "amount_field")
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_FIELD_NUMBER: _ClassVar[int]
    period: str
    node: str
    amount_field: str
    def __init__(self, period: _Optional[str] = ..., node: _Optional[str] = ..., amount_field: _Optional[str] = ...) -> None: ...

class GetRollupResponse(_message.Message):
    __slots__ = ("rollups",)
    ROLLUPS_FIELD_NUMBER: _ClassVar[int]
    rollups: _containers.RepeatedCompositeFieldContainer[_insights_pb2.Rollup]
    def __init__(self, rollups: _Optional[_Iterable[_Union[_insights_pb2.Rollup, _Mapping]]] = ...) -> None: ...

class SimulateRollupRequest(_message.Message):
    __slots__ = ("period", "deals", "added", "amount_field")
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    DEALS_FIELD_NUMBER: _ClassVar[int]
    ADDED_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_FIELD_NUMBER: _ClassVar[int]
    period: str
    deals: _containers.RepeatedCompositeFieldContainer[_events_pb2.DealEvent]
    added: _containers.RepeatedCompositeFieldContainer[AddedPipeline]
    amount_field: str
    def __init__(self, period: _Optional[str] = ..., deals: _Optional[_Iterable[_Union[_events_pb2.DealEvent, _Mapping]]] = ..., added: _Optional[_Iterable[_Union[AddedPipeline, _Mapping]]] = ..., amount_field: _Optional[str] = ...) -> None: ...

class AddedPipeline(_message.Message):
    __slots__ = ("deal", "count")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    deal: _events_pb2.DealEvent
    count: int
    def __init__(self, deal: _Optional[_Union[_events_pb2.DealEvent, _Mapping]] = ..., count: _Optional[int] = ...) -> None: ...

class SimulateRollupResponse(_message.Message):
    __slots__ = ("current", "simulated")
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    SIMULATED_FIELD_NUMBER: _ClassVar[int]
    current: _containers.RepeatedCompositeFieldContainer[_insights_pb2.Rollup]
    simulated: _containers.RepeatedCompositeFieldContainer[_insights_pb2.Rollup]
    def __init__(self, current: _Optional[_Iterable[_Union[_insights_pb2.Rollup, _Mapping]]] = ..., simulated: _Optional[_Iterable[_Union[_insights_pb2.Rollup, _Mapping]]] = ...) -> None: ...

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
