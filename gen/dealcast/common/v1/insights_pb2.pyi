import datetime

from dealcast.common.v1 import records_pb2 as _records_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ForecastStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FORECAST_STATUS_UNSPECIFIED: _ClassVar[ForecastStatus]
    FORECAST_STATUS_OPEN: _ClassVar[ForecastStatus]
    FORECAST_STATUS_NOT_APPLICABLE: _ClassVar[ForecastStatus]
    FORECAST_STATUS_CLOSED: _ClassVar[ForecastStatus]
    FORECAST_STATUS_DELETED: _ClassVar[ForecastStatus]
FORECAST_STATUS_UNSPECIFIED: ForecastStatus
FORECAST_STATUS_OPEN: ForecastStatus
FORECAST_STATUS_NOT_APPLICABLE: ForecastStatus
FORECAST_STATUS_CLOSED: ForecastStatus
FORECAST_STATUS_DELETED: ForecastStatus

class InsightKey(_message.Message):
    __slots__ = ("deal_revision", "model_generation", "business_day", "upstream", "insight_id")
    DEAL_REVISION_FIELD_NUMBER: _ClassVar[int]
    MODEL_GENERATION_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_DAY_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_FIELD_NUMBER: _ClassVar[int]
    INSIGHT_ID_FIELD_NUMBER: _ClassVar[int]
    deal_revision: int
    model_generation: int
    business_day: str
    upstream: InsightKey
    insight_id: str
    def __init__(self, deal_revision: _Optional[int] = ..., model_generation: _Optional[int] = ..., business_day: _Optional[str] = ..., upstream: _Optional[_Union[InsightKey, _Mapping]] = ..., insight_id: _Optional[str] = ...) -> None: ...

class InsightHeader(_message.Message):
    __slots__ = ("key", "model_version", "as_of")
    KEY_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    key: InsightKey
    model_version: str
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, key: _Optional[_Union[InsightKey, _Mapping]] = ..., model_version: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Reason(_message.Message):
    __slots__ = ("field", "value", "effect", "text_en", "text_ko", "evidence_count", "evidence_won")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    TEXT_EN_FIELD_NUMBER: _ClassVar[int]
    TEXT_KO_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_WON_FIELD_NUMBER: _ClassVar[int]
    field: str
    value: str
    effect: float
    text_en: str
    text_ko: str
    evidence_count: int
    evidence_won: int
    def __init__(self, field: _Optional[str] = ..., value: _Optional[str] = ..., effect: _Optional[float] = ..., text_en: _Optional[str] = ..., text_ko: _Optional[str] = ..., evidence_count: _Optional[int] = ..., evidence_won: _Optional[int] = ...) -> None: ...

class Contributions(_message.Message):
    __slots__ = ("fields", "effects")
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    EFFECTS_FIELD_NUMBER: _ClassVar[int]
    fields: _containers.RepeatedScalarFieldContainer[str]
    effects: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, fields: _Optional[_Iterable[str]] = ..., effects: _Optional[_Iterable[float]] = ...) -> None: ...

class LeadScore(_message.Message):
    __slots__ = ("header", "probability", "low", "high", "base_log_odds", "reasons", "prior", "contributions", "nothing_predicts", "horizon_days")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    BASE_LOG_ODDS_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    PRIOR_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    NOTHING_PREDICTS_FIELD_NUMBER: _ClassVar[int]
    HORIZON_DAYS_FIELD_NUMBER: _ClassVar[int]
    header: InsightHeader
    probability: float
    low: float
    high: float
    base_log_odds: float
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    prior: bool
    contributions: Contributions
    nothing_predicts: bool
    horizon_days: int
    def __init__(self, header: _Optional[_Union[InsightHeader, _Mapping]] = ..., probability: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., base_log_odds: _Optional[float] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ..., prior: _Optional[bool] = ..., contributions: _Optional[_Union[Contributions, _Mapping]] = ..., nothing_predicts: _Optional[bool] = ..., horizon_days: _Optional[int] = ...) -> None: ...

class PeriodForecast(_message.Message):
    __slots__ = ("period", "start_date", "end_date", "probability", "expected")
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    START_DATE_FIELD_NUMBER: _ClassVar[int]
    END_DATE_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    period: str
    start_date: str
    end_date: str
    probability: float
    expected: _records_pb2.Money
    def __init__(self, period: _Optional[str] = ..., start_date: _Optional[str] = ..., end_date: _Optional[str] = ..., probability: _Optional[float] = ..., expected: _Optional[_Union[_records_pb2.Money, _Mapping]] = ...) -> None: ...

class ScenarioParameters(_message.Message):
    __slots__ = ("seed", "win_probability", "week_weights", "log_amount_mean", "log_amount_sd", "shock_company", "shock_region", "shock_quarter")
    SEED_FIELD_NUMBER: _ClassVar[int]
    WIN_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    WEEK_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    LOG_AMOUNT_MEAN_FIELD_NUMBER: _ClassVar[int]
    LOG_AMOUNT_SD_FIELD_NUMBER: _ClassVar[int]
    SHOCK_COMPANY_FIELD_NUMBER: _ClassVar[int]
    SHOCK_REGION_FIELD_NUMBER: _ClassVar[int]
    SHOCK_QUARTER_FIELD_NUMBER: _ClassVar[int]
    seed: int
    win_probability: float
    week_weights: _containers.RepeatedScalarFieldContainer[float]
    log_amount_mean: float
    log_amount_sd: float
    shock_company: float
    shock_region: float
    shock_quarter: float
    def __init__(self, seed: _Optional[int] = ..., win_probability: _Optional[float] = ..., week_weights: _Optional[_Iterable[float]] = ..., log_amount_mean: _Optional[float] = ..., log_amount_sd: _Optional[float] = ..., shock_company: _Optional[float] = ..., shock_region: _Optional[float] = ..., shock_quarter: _Optional[float] = ...) -> None: ...

class Forecast(_message.Message):
    __slots__ = ("header", "status", "periods", "close_date_p10", "close_date_p50", "close_date_p90", "amount_mean", "amount_p10", "amount_p90", "category", "slip_risk", "reasons", "parameters", "win_probability", "months")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PERIODS_FIELD_NUMBER: _ClassVar[int]
    CLOSE_DATE_P10_FIELD_NUMBER: _ClassVar[int]
    CLOSE_DATE_P50_FIELD_NUMBER: _ClassVar[int]
    CLOSE_DATE_P90_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MEAN_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_P10_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_P90_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    SLIP_RISK_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    WIN_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    MONTHS_FIELD_NUMBER: _ClassVar[int]
    header: InsightHeader
    status: ForecastStatus
    periods: _containers.RepeatedCompositeFieldContainer[PeriodForecast]
    close_date_p10: str
    close_date_p50: str
    close_date_p90: str
    amount_mean: _records_pb2.Money
    amount_p10: _records_pb2.Money
    amount_p90: _records_pb2.Money
    category: str
    slip_risk: float
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    parameters: ScenarioParameters
    win_probability: float
    months: _containers.RepeatedCompositeFieldContainer[PeriodForecast]
    def __init__(self, header: _Optional[_Union[InsightHeader, _Mapping]] = ..., status: _Optional[_Union[ForecastStatus, str]] = ..., periods: _Optional[_Iterable[_Union[PeriodForecast, _Mapping]]] = ..., close_date_p10: _Optional[str] = ..., close_date_p50: _Optional[str] = ..., close_date_p90: _Optional[str] = ..., amount_mean: _Optional[_Union[_records_pb2.Money, _Mapping]] = ..., amount_p10: _Optional[_Union[_records_pb2.Money, _Mapping]] = ..., amount_p90: _Optional[_Union[_records_pb2.Money, _Mapping]] = ..., category: _Optional[str] = ..., slip_risk: _Optional[float] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ..., parameters: _Optional[_Union[ScenarioParameters, _Mapping]] = ..., win_probability: _Optional[float] = ..., months: _Optional[_Iterable[_Union[PeriodForecast, _Mapping]]] = ...) -> None: ...

class ContactLimits(_message.Message):
    __slots__ = ("windows", "unanswered", "quiet_days")
    class Window(_message.Message):
        __slots__ = ("contacts", "days")
        CONTACTS_FIELD_NUMBER: _ClassVar[int]
        DAYS_FIELD_NUMBER: _ClassVar[int]
        contacts: int
        days: int
        def __init__(self, contacts: _Optional[int] = ..., days: _Optional[int] = ...) -> None: ...
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    UNANSWERED_FIELD_NUMBER: _ClassVar[int]
    QUIET_DAYS_FIELD_NUMBER: _ClassVar[int]
    windows: _containers.RepeatedCompositeFieldContainer[ContactLimits.Window]
    unanswered: int
    quiet_days: int
    def __init__(self, windows: _Optional[_Iterable[_Union[ContactLimits.Window, _Mapping]]] = ..., unanswered: _Optional[int] = ..., quiet_days: _Optional[int] = ...) -> None: ...

class SuggestedAction(_message.Message):
    __slots__ = ("id", "action", "text_en", "text_ko", "channel", "contact_id", "gain", "probability_gain", "probability_gain_low", "probability_gain_high", "reasons", "propensity", "contact_limits", "hours", "message_en", "message_ko", "minutes", "tidy_up", "products")
    ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TEXT_EN_FIELD_NUMBER: _ClassVar[int]
    TEXT_KO_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    GAIN_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_GAIN_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_GAIN_LOW_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_GAIN_HIGH_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    CONTACT_LIMITS_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_EN_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_KO_FIELD_NUMBER: _ClassVar[int]
    MINUTES_FIELD_NUMBER: _ClassVar[int]
    TIDY_UP_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    id: str
    action: str
    text_en: str
    text_ko: str
    channel: str
    contact_id: str
    gain: _records_pb2.Money
    probability_gain: float
    probability_gain_low: float
    probability_gain_high: float
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    propensity: float
    contact_limits: ContactLimits
    hours: ContactHours
    message_en: str
    message_ko: str
    minutes: float
    tidy_up: bool
    products: _containers.RepeatedCompositeFieldContainer[ProductOffer]
    def __init__(self, id: _Optional[str] = ..., action: _Optional[str] = ..., text_en: _Optional[str] = ..., text_ko: _Optional[str] = ..., channel: _Optional[str] = ..., contact_id: _Optional[str] = ..., gain: _Optional[_Union[_records_pb2.Money, _Mapping]] = ..., probability_gain: _Optional[float] = ..., probability_gain_low: _Optional[float] = ..., probability_gain_high: _Optional[float] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ..., propensity: _Optional[float] = ..., contact_limits: _Optional[_Union[ContactLimits, _Mapping]] = ..., hours: _Optional[_Union[ContactHours, _Mapping]] = ..., message_en: _Optional[str] = ..., message_ko: _Optional[str] = ..., minutes: _Optional[float] = ..., tidy_up: _Optional[bool] = ..., products: _Optional[_Iterable[_Union[ProductOffer, _Mapping]]] = ...) -> None: ...

class ProductOffer(_message.Message):
    __slots__ = ("product_id", "name", "quantity", "text_en", "text_ko")
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    TEXT_EN_FIELD_NUMBER: _ClassVar[int]
    TEXT_KO_FIELD_NUMBER: _ClassVar[int]
    product_id: str
    name: str
    quantity: float
    text_en: str
    text_ko: str
    def __init__(self, product_id: _Optional[str] = ..., name: _Optional[str] = ..., quantity: _Optional[float] = ..., text_en: _Optional[str] = ..., text_ko: _Optional[str] = ...) -> None: ...

class ContactHours(_message.Message):
    __slots__ = ("time_zone", "weekdays", "from_minute", "until_minute", "days_off")
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    WEEKDAYS_FIELD_NUMBER: _ClassVar[int]
    FROM_MINUTE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MINUTE_FIELD_NUMBER: _ClassVar[int]
    DAYS_OFF_FIELD_NUMBER: _ClassVar[int]
    time_zone: str
    weekdays: _containers.RepeatedScalarFieldContainer[int]
    from_minute: int
    until_minute: int
    days_off: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, time_zone: _Optional[str] = ..., weekdays: _Optional[_Iterable[int]] = ..., from_minute: _Optional[int] = ..., until_minute: _Optional[int] = ..., days_off: _Optional[_Iterable[str]] = ...) -> None: ...

class NextActions(_message.Message):
    __slots__ = ("header", "actions", "look_again_date", "catalogue_generation", "signals", "decision")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    LOOK_AGAIN_DATE_FIELD_NUMBER: _ClassVar[int]
    CATALOGUE_GENERATION_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    header: InsightHeader
    actions: _containers.RepeatedCompositeFieldContainer[SuggestedAction]
    look_again_date: str
    catalogue_generation: int
    signals: _containers.RepeatedCompositeFieldContainer[NoteSignal]
    decision: ActionDecision
    def __init__(self, header: _Optional[_Union[InsightHeader, _Mapping]] = ..., actions: _Optional[_Iterable[_Union[SuggestedAction, _Mapping]]] = ..., look_again_date: _Optional[str] = ..., catalogue_generation: _Optional[int] = ..., signals: _Optional[_Iterable[_Union[NoteSignal, _Mapping]]] = ..., decision: _Optional[_Union[ActionDecision, _Mapping]] = ...) -> None: ...

class ActionDecision(_message.Message):
    __slots__ = ("policy", "control", "since", "action", "propensity", "chances", "shares")
    class Chance(_message.Message):
        __slots__ = ("policy", "action", "probability")
        POLICY_FIELD_NUMBER: _ClassVar[int]
        ACTION_FIELD_NUMBER: _ClassVar[int]
        PROBABILITY_FIELD_NUMBER: _ClassVar[int]
        policy: str
        action: str
        probability: float
        def __init__(self, policy: _Optional[str] = ..., action: _Optional[str] = ..., probability: _Optional[float] = ...) -> None: ...
    class Share(_message.Message):
        __slots__ = ("policy", "share")
        POLICY_FIELD_NUMBER: _ClassVar[int]
        SHARE_FIELD_NUMBER: _ClassVar[int]
        policy: str
        share: float
        def __init__(self, policy: _Optional[str] = ..., share: _Optional[float] = ...) -> None: ...
    POLICY_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    CHANCES_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    policy: str
    control: bool
    since: str
    action: str
    propensity: float
    chances: _containers.RepeatedCompositeFieldContainer[ActionDecision.Chance]
    shares: _containers.RepeatedCompositeFieldContainer[ActionDecision.Share]
    def __init__(self, policy: _Optional[str] = ..., control: _Optional[bool] = ..., since: _Optional[str] = ..., action: _Optional[str] = ..., propensity: _Optional[float] = ..., chances: _Optional[_Iterable[_Union[ActionDecision.Chance, _Mapping]]] = ..., shares: _Optional[_Iterable[_Union[ActionDecision.Share, _Mapping]]] = ...) -> None: ...

class NoteSignal(_message.Message):
    __slots__ = ("name", "sentence", "day")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    DAY_FIELD_NUMBER: _ClassVar[int]
    name: str
    sentence: str
    day: str
    def __init__(self, name: _Optional[str] = ..., sentence: _Optional[str] = ..., day: _Optional[str] = ...) -> None: ...

class Rollup(_message.Message):
    __slots__ = ("node", "level", "name", "parent", "period", "currency", "open_deals", "scenarios", "deals_sum", "not_yet_created_sum", "correction_sum", "quantiles", "as_of", "business_day", "model_version", "model_generation", "start_date", "end_date", "spans", "exchange_edition")
    NODE_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    OPEN_DEALS_FIELD_NUMBER: _ClassVar[int]
    SCENARIOS_FIELD_NUMBER: _ClassVar[int]
    DEALS_SUM_FIELD_NUMBER: _ClassVar[int]
    NOT_YET_CREATED_SUM_FIELD_NUMBER: _ClassVar[int]
    CORRECTION_SUM_FIELD_NUMBER: _ClassVar[int]
    QUANTILES_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_DAY_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    MODEL_GENERATION_FIELD_NUMBER: _ClassVar[int]
    START_DATE_FIELD_NUMBER: _ClassVar[int]
    END_DATE_FIELD_NUMBER: _ClassVar[int]
    SPANS_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_EDITION_FIELD_NUMBER: _ClassVar[int]
    node: str
    level: str
    name: str
    parent: str
    period: str
    currency: str
    open_deals: int
    scenarios: int
    deals_sum: int
    not_yet_created_sum: int
    correction_sum: int
    quantiles: _containers.RepeatedScalarFieldContainer[int]
    as_of: _timestamp_pb2.Timestamp
    business_day: str
    model_version: str
    model_generation: int
    start_date: str
    end_date: str
    spans: _containers.RepeatedCompositeFieldContainer[SpanTotal]
    exchange_edition: int
    def __init__(self, node: _Optional[str] = ..., level: _Optional[str] = ..., name: _Optional[str] = ..., parent: _Optional[str] = ..., period: _Optional[str] = ..., currency: _Optional[str] = ..., open_deals: _Optional[int] = ..., scenarios: _Optional[int] = ..., deals_sum: _Optional[int] = ..., not_yet_created_sum: _Optional[int] = ..., correction_sum: _Optional[int] = ..., quantiles: _Optional[_Iterable[int]] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., business_day: _Optional[str] = ..., model_version: _Optional[str] = ..., model_generation: _Optional[int] = ..., start_date: _Optional[str] = ..., end_date: _Optional[str] = ..., spans: _Optional[_Iterable[_Union[SpanTotal, _Mapping]]] = ..., exchange_edition: _Optional[int] = ...) -> None: ...

class SpanTotal(_message.Message):
    __slots__ = ("start_date", "end_date", "open_deals", "deals_sum", "not_yet_created_sum", "correction_sum", "quantiles")
    START_DATE_FIELD_NUMBER: _ClassVar[int]
    END_DATE_FIELD_NUMBER: _ClassVar[int]
    OPEN_DEALS_FIELD_NUMBER: _ClassVar[int]
    DEALS_SUM_FIELD_NUMBER: _ClassVar[int]
    NOT_YET_CREATED_SUM_FIELD_NUMBER: _ClassVar[int]
    CORRECTION_SUM_FIELD_NUMBER: _ClassVar[int]
    QUANTILES_FIELD_NUMBER: _ClassVar[int]
    start_date: str
    end_date: str
    open_deals: int
    deals_sum: int
    not_yet_created_sum: int
    correction_sum: int
    quantiles: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, start_date: _Optional[str] = ..., end_date: _Optional[str] = ..., open_deals: _Optional[int] = ..., deals_sum: _Optional[int] = ..., not_yet_created_sum: _Optional[int] = ..., correction_sum: _Optional[int] = ..., quantiles: _Optional[_Iterable[int]] = ...) -> None: ...
