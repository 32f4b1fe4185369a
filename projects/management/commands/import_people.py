"""``manage.py import_people``: people with their offices from a workbook."""

from __future__ import annotations

from projects.management.importing import ImportCommand
from workflow.administration.imports import PEOPLE


class Command(ImportCommand):
    help = (
        "从 Excel 导入人员和职务。有一行不对，全部不导入。"
        "新建人员填写了电子邮箱的，写信请本人设置密码；没有填写的，或者没有设置邮件服务器的，"
        "一次性登录单（姓名、职务、用户名、密码）写在标准输出，只出现这一次。"
    )
    kind = PEOPLE
