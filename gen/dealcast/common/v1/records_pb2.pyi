import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DealKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEAL_KIND_UNSPECIFIED: _ClassVar[DealKind]
    DEAL_KIND_LEAD: _ClassVar[DealKind]
    DEAL_KIND_OPPORTUNITY: _ClassVar[DealKind]

class Motion(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MOTION_UNSPECIFIED: _ClassVar[Motion]
    MOTION_NEW: _ClassVar[Motion]
    MOTION_RENEWAL: _ClassVar[Motion]
    MOTION_EXPANSION: _ClassVar[Motion]

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_OPEN: _ClassVar[Outcome]
    OUTCOME_WON: _ClassVar[Outcome]
    OUTCOME_LOST: _ClassVar[Outcome]
DEAL_KIND_UNSPECIFIED: DealKind
DEAL_KIND_LEAD: DealKind
DEAL_KIND_OPPORTUNITY: DealKind
MOTION_UNSPECIFIED: Motion
MOTION_NEW: Motion
MOTION_RENEWAL: Motion
MOTION_EXPANSION: Motion
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_OPEN: Outcome
OUTCOME_WON: Outcome
OUTCOME_LOST: Outcome

class Money(_message.Message):
    __slots__ = ("currency", "value")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    currency: str
    value: str
    def __init__(self, currency: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class FieldValue(_message.Message):
    __slots__ = ("text", "number", "yes_no", "date", "choice", "money", "products", "contacts", "credits")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    YES_NO_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    CHOICE_FIELD_NUMBER: _ClassVar[int]
    MONEY_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    CREDITS_FIELD_NUMBER: _ClassVar[int]
    text: str
    number: float
    yes_no: bool
    date: str
    choice: str
    money: Money
    products: ProductLines
    contacts: ContactRoles
    credits: Credits
    def __init__(self, text: _Optional[str] = ..., number: _Optional[float] = ..., yes_no: _Optional[bool] = ..., date: _Optional[str] = ..., choice: _Optional[str] = ..., money: _Optional[_Union[Money, _Mapping]] = ..., products: _Optional[_Union[ProductLines, _Mapping]] = ..., contacts: _Optional[_Union[ContactRoles, _Mapping]] = ..., credits: _Optional[_Union[Credits, _Mapping]] = ...) -> None: ...

class ProductLines(_message.Message):
    __slots__ = ("lines",)
    LINES_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[ProductLine]
    def __init__(self, lines: _Optional[_Iterable[_Union[ProductLine, _Mapping]]] = ...) -> None: ...

class ContactRole(_message.Message):
    __slots__ = ("contact_id", "role")
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    contact_id: str
    role: str
    def __init__(self, contact_id: _Optional[str] = ..., role: _Optional[str] = ...) -> None: ...

class ContactRoles(_message.Message):
    __slots__ = ("roles",)
    ROLES_FIELD_NUMBER: _ClassVar[int]
    roles: _containers.RepeatedCompositeFieldContainer[ContactRole]
    def __init__(self, roles: _Optional[_Iterable[_Union[ContactRole, _Mapping]]] = ...) -> None: ...

class Credit(_message.Message):
    __slots__ = ("owner_id", "share")
    OWNER_ID_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    owner_id: str
    share: int
    def __init__(self, owner_id: _Optional[str] = ..., share: _Optional[int] = ...) -> None: ...

class Credits(_message.Message):
    __slots__ = ("credits",)
    CREDITS_FIELD_NUMBER: _ClassVar[int]
    credits: _containers.RepeatedCompositeFieldContainer[Credit]
    def __init__(self, credits: _Optional[_Iterable[_Union[Credit, _Mapping]]] = ...) -> None: ...

class Node(_message.Message):
    __slots__ = ("id", "level", "name", "parent")
    ID_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    id: str
    level: str
    name: str
    parent: str
    def __init__(self, id: _Optional[str] = ..., level: _Optional[str] = ..., name: _Optional[str] = ..., parent: _Optional[str] = ...) -> None: ...

class Owner(_message.Message):
    __slots__ = ("id", "name", "path")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    path: _containers.RepeatedCompositeFieldContainer[Node]
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., path: _Optional[_Iterable[_Union[Node, _Mapping]]] = ...) -> None: ...

class Account(_message.Message):
    __slots__ = ("id", "name", "fields", "changes")
    class FieldsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: FieldValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[FieldValue, _Mapping]] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    fields: _containers.MessageMap[str, FieldValue]
    changes: _containers.RepeatedCompositeFieldContainer[Change]
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., fields: _Optional[_Mapping[str, FieldValue]] = ..., changes: _Optional[_Iterable[_Union[Change, _Mapping]]] = ...) -> None: ...

class Contact(_message.Message):
    __slots__ = ("id", "name", "title", "role", "consented_channels", "refused_channels")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CONSENTED_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    title: str
    role: str
    consented_channels: _containers.RepeatedScalarFieldContainer[str]
    refused_channels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., title: _Optional[str] = ..., role: _Optional[str] = ..., consented_channels: _Optional[_Iterable[str]] = ..., refused_channels: _Optional[_Iterable[str]] = ...) -> None: ...

class ProductLine(_message.Message):
    __slots__ = ("product_id", "quantity", "price", "product_name")
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_NAME_FIELD_NUMBER: _ClassVar[int]
    product_id: str
    quantity: float
    price: Money
    product_name: str
    def __init__(self, product_id: _Optional[str] = ..., quantity: _Optional[float] = ..., price: _Optional[_Union[Money, _Mapping]] = ..., product_name: _Optional[str] = ...) -> None: ...

class Placement(_message.Message):
    __slots__ = ("tree", "path", "share")
    TREE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    tree: str
    path: _containers.RepeatedCompositeFieldContainer[Node]
    share: int
    def __init__(self, tree: _Optional[str] = ..., path: _Optional[_Iterable[_Union[Node, _Mapping]]] = ..., share: _Optional[int] = ...) -> None: ...

class Deal(_message.Message):
    __slots__ = ("id", "revision", "kind", "motion", "pipeline", "stage", "outcome", "deleted", "name", "owner", "account", "amount", "created_time", "close_date", "closed_date", "fields", "products", "contacts", "category", "former_accounts", "placements", "credits")
    class FieldsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: FieldValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[FieldValue, _Mapping]] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MOTION_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
    CLOSE_DATE_FIELD_NUMBER: _ClassVar[int]
    CLOSED_DATE_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    FORMER_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    CREDITS_FIELD_NUMBER: _ClassVar[int]
    id: str
    revision: int
    kind: DealKind
    motion: Motion
    pipeline: str
    stage: str
    outcome: Outcome
    deleted: bool
    name: str
    owner: Owner
    account: Account
    amount: Money
    created_time: _timestamp_pb2.Timestamp
    close_date: str
    closed_date: str
    fields: _containers.MessageMap[str, FieldValue]
    products: _containers.RepeatedCompositeFieldContainer[ProductLine]
    contacts: _containers.RepeatedCompositeFieldContainer[Contact]
    category: str
    former_accounts: _containers.RepeatedCompositeFieldContainer[Account]
    placements: _containers.RepeatedCompositeFieldContainer[Placement]
    credits: _containers.RepeatedCompositeFieldContainer[Credit]
    def __init__(self, id: _Optional[str] = ..., revision: _Optional[int] = ..., kind: _Optional[_Union[DealKind, str]] = ..., motion: _Optional[_Union[Motion, str]] = ..., pipeline: _Optional[str] = ..., stage: _Optional[str] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., deleted: _Optional[bool] = ..., name: _Optional[str] = ..., owner: _Optional[_Union[Owner, _Mapping]] = ..., account: _Optional[_Union[Account, _Mapping]] = ..., amount: _Optional[_Union[Money, _Mapping]] = ..., created_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., close_date: _Optional[str] = ..., closed_date: _Optional[str] = ..., fields: _Optional[_Mapping[str, FieldValue]] = ..., products: _Optional[_Iterable[_Union[ProductLine, _Mapping]]] = ..., contacts: _Optional[_Iterable[_Union[Contact, _Mapping]]] = ..., category: _Optional[str] = ..., former_accounts: _Optional[_Iterable[_Union[Account, _Mapping]]] = ..., placements: _Optional[_Iterable[_Union[Placement, _Mapping]]] = ..., credits: _Optional[_Iterable[_Union[Credit, _Mapping]]] = ...) -> None: ...

class Change(_message.Message):
    __slots__ = ("field", "value", "effective_time", "recorded_time", "revision")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    RECORDED_TIME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    field: str
    value: FieldValue
    effective_time: _timestamp_pb2.Timestamp
    recorded_time: _timestamp_pb2.Timestamp
    revision: int
    def __init__(self, field: _Optional[str] = ..., value: _Optional[_Union[FieldValue, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class Activity(_message.Message):
    __slots__ = ("id", "type", "direction", "time", "contact_id", "text")
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    id: str
    type: str
    direction: str
    time: _timestamp_pb2.Timestamp
    contact_id: str
    text: str
    def __init__(self, id: _Optional[str] = ..., type: _Optional[str] = ..., direction: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., contact_id: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...
