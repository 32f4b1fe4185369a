"""Who there is: persons and the tree of units (steps.md, Offices)."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class UnitKind(models.TextChoices):
    """The levels of the tree; the last five sit inside a township and share its tenancy."""

    PROVINCE = "province", _("省")
    CITY = "city", _("市")
    COUNTY = "county", _("县")
    TOWNSHIP = "township", _("乡镇")
    SUBDISTRICT = "subdistrict", _("街道")
    VILLAGE = "village", _("村（社区）")
    STATION = "station", _("代表联络站")
    DEPARTMENT = "department", _("责任单位")
    DELEGATION = "delegation", _("代表团")
    GROUP = "group", _("代表监督小组")


TENANT_KINDS = frozenset(
    {UnitKind.PROVINCE, UnitKind.CITY, UnitKind.COUNTY, UnitKind.TOWNSHIP, UnitKind.SUBDISTRICT}
)

# Those that have a hall of their own: a congress or working committee, a year, a trail with a page.
HALLS = (UnitKind.TOWNSHIP, UnitKind.SUBDISTRICT)


class Unit(models.Model):
    """One unit of the tree: province ▸ city ▸ county ▸ township or subdistrict ▸ village, station, department …

    code: stable, printed in exports. path: ids from the root, "/1/4/9/", its own last; it makes a subtree one
    indexed prefix. tenant: the unit whose rows its members work on (itself, or the township it sits in).
    """

    code = models.CharField(_("编码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    kind = models.CharField(_("类别"), max_length=12, choices=UnitKind.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    tenant = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="inner_units")
    path = models.CharField(max_length=200, db_index=True, default="/")
    ends_on = models.DateField(_("撤销日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = _("单位")
        ordering = ["code"]
        indexes = [models.Index(fields=["path"], name="unit_path_prefix", opclasses=["text_pattern_ops"])]

    def __str__(self) -> str:
        return self.name

    # A township is itself the record of what is done about the whole of it: its rules, its years, its terms.
    @property
    def unit(self) -> Unit:
        return self

    @property
    def unit_id(self) -> int:
        return self.pk

    @property
    def reference(self) -> str:
        return f"unit:{self.pk}"

    @property
    def about(self) -> str:
        return ""

    @property
    def label(self) -> str:
        return self.name

    @property
    def is_tenant(self) -> bool:
        return self.kind in TENANT_KINDS

    @property
    def is_subdistrict(self) -> bool:
        return self.kind == UnitKind.SUBDISTRICT


class UnitChange(models.Model):
    """A change that leaves a unit the one it was: renamed (更名), made a subdistrict (设街道), merged into another (并入).

    name, kind: what it was until then. number, decided_on: of the paper that approved it (批准文号). on: the day from
    which the new holds. into: the unit it was merged into, None for the others.
    """

    class What(models.TextChoices):
        RENAMED = "renamed", _("更名")
        SUBDISTRICT = "subdistrict", _("改设街道")
        MERGED = "merged", _("并入")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="changes")
    what = models.CharField(_("变更"), max_length=12, choices=What.choices)
    name = models.CharField(_("原名称"), max_length=80)
    kind = models.CharField(_("原类别"), max_length=12, choices=UnitKind.choices)
    into = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="taken_in")
    number = models.CharField(_("批准文号"), max_length=80)
    decided_on = models.DateField(_("批准日期"))
    on = models.DateField(_("起"))

    class Meta:
        ordering = ["on", "pk"]


class User(AbstractUser):
    """A person who signs in. Offices are not here: see roles.RoleGrant."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("姓名"), max_length=40)
    must_change_password = models.BooleanField(_("首次登录须改密码"), default=False)
    text_size = models.CharField(max_length=10, default="standard")

    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("人员")
        verbose_name_plural = _("人员")

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name
