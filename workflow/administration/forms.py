"""Forms of accounts, grants and imports."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.utils.translation import gettext_lazy as _

from workflow.administration import invitations
from workflow.administration.accounts import LONGEST_NAME, USERNAME
from workflow.flows.fields import CheckedFileField, ChineseDateField, PlainForm
from workflow.flows.uploads import MB
from workflow.people.models import Unit, User
from workflow.roles import registry

PASSWORD_ADVICE = _("至少 10 个字符，不要用姓名、电话号码或常见密码。")


class SignInForm(PlainForm, AuthenticationForm):
    """User name and password; what is wrong is not told apart."""

    error_messages = {
        "invalid_login": _("用户名或密码不对。密码区分大小写；连续输错 5 次会暂时锁定。"),
        "inactive": _("此账号已停用。"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("用户名")
        self.fields["password"].label = _("密码")


class CodeForm(PlainForm):
    """The six digits a telephone shows."""

    code = forms.CharField(
        label=_("验证码"),
        help_text=_("手机验证器上显示的 6 位数字"),
        min_length=6,
        max_length=6,
        widget=forms.TextInput(
            {
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "class": "input-short",
                "autofocus": True,
            }
        ),
    )


class FirstPasswordForm(PlainForm, SetPasswordForm):
    """A password of one's own, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = PASSWORD_ADVICE


class PeopleFilter(PlainForm):
    """Unit, office, words."""

    unit = forms.ChoiceField(label=_("单位"), required=False)
    office = forms.ChoiceField(label=_("职务"), required=False)
    words = forms.CharField(label=_("搜索"), required=False, max_length=40)

    def __init__(self, *args: Any, units: list[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit, office = (cast(forms.ChoiceField, self.fields[name]) for name in ("unit", "office"))
        unit.choices = [("", _("全部单位")), *((u.code, u.name) for u in units)]
        office.choices = [
            ("", _("全部职务")),
            *((o.code, o.title) for o in registry.offices()),
        ]
        office.error_messages["invalid_choice"] = _("没有这个职务，请从列表中选择。")
        self.fields["words"].widget.attrs["placeholder"] = _("姓名或用户名")


class GrantForm(PlainForm):
    """An office for a person; a new person where the user name is not known yet."""

    username = forms.RegexField(
        label=_("用户名"),
        regex=rf"^{USERNAME.pattern}$",
        help_text=_("已有人员填写其用户名；新用户名会建立新账号"),
        error_messages={"invalid": _("用户名须为 3 至 60 个字母、数字或 @ . _ + -。")},
    )
    name = forms.CharField(label=_("姓名"), max_length=LONGEST_NAME)
    email = forms.EmailField(
        label=_("电子邮箱"), required=False, max_length=User._meta.get_field("email").max_length
    )
    unit = forms.ChoiceField(label=_("任职单位"))
    office = forms.ChoiceField(label=_("职务"))
    since = ChineseDateField(label=_("任职开始"))
    until = ChineseDateField(label=_("任职结束"), required=False, help_text=_("长期任职的不填；审计人员必填"))
    document = forms.CharField(
        label=_("依据文号"), required=False, max_length=80, help_text=_("审计人员必填审计通知书文号")
    )
    scope = forms.MultipleChoiceField(
        label=_("查阅范围"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "只限审计人员和受邀专家、第三方；审计以审计通知书为准。范围以外的记录不显示、不导出，其他职务不看此项。"
        ),
    )

    def __init__(self, *args: Any, units: list[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = {u.code: u for u in units}
        self.fields["email"].help_text = (
            _("只限新账号：填写的，系统写信请本人设置密码；不填的打印登录单")
            if invitations.can_write()
            else _("只限新账号；本系统没有设置邮件服务器，填写的也打印登录单")
        )
        unit, office = (cast(forms.ChoiceField, self.fields[name]) for name in ("unit", "office"))
        unit.choices = [(u.code, u.name) for u in units]
        kinds = {u.kind for u in units}
        office.choices = [(o.code, o.title) for o in registry.offices() if kinds & set(o.kinds)]
        scope = cast(forms.MultipleChoiceField, self.fields["scope"])
        scope.choices = [(s.code, s.title) for s in registry.scopes()]
        scope.initial = [code for o in registry.offices() if o.documented for code in o.scope]

    def clean_unit(self) -> Unit:
        return self.units[self.cleaned_data["unit"]]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", _("结束日期不能早于开始日期。"))
        office = registry.office(data["office"]) if data.get("office") else None
        if office and office.documented:
            for name in ("until", "document"):
                if not data.get(name):
                    self.add_error(name, _("这一职务须写明依据文号和结束日期。"))
        limited = bool(office and office.scope)
        if limited and not data.get("scope"):
            self.add_error("scope", _("请选定查阅范围，审计以审计通知书为准。"))
        data["scope"] = data.get("scope", []) if limited else []
        user = User.objects.filter(username=data.get("username", "")).first()
        if user and data.get("name") and user.name != data["name"]:
            self.add_error("name", _("这个用户名属于另一人，请核对姓名。"))
        if user and data.get("email"):
            self.add_error("email", _("这个用户名已有账号，邮箱由本人登录后填写，这里不填。"))
        return data


class RevokeForm(PlainForm):
    """Why an office ends."""

    reason = forms.CharField(
        label=_("解除理由"),
        help_text=_("写明依据，例如：届满、辞职、调离、免职文号"),
        min_length=2,
        max_length=200,
        widget=forms.Textarea({"rows": 3}),
    )


class UploadForm(PlainForm):
    """One workbook."""

    file = CheckedFileField(
        label=_("Excel 文件"),
        help_text=_("用模板填写，.xlsx 格式，最多 2 MB"),
        endings=("xlsx",),
        most_bytes=2 * MB,
    )
