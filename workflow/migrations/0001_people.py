"""Units and people, which the tables of the flows refer to."""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from workflow.people.tables import Tables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        Tables([
            migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                    ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                    ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                    ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                    ('name', models.CharField(max_length=40, verbose_name='姓名')),
                    ('must_change_password', models.BooleanField(default=False, verbose_name='首次登录须改密码')),
                    ('text_size', models.CharField(default='standard', max_length=10)),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ],
                options={
                    'verbose_name': '人员',
                    'verbose_name_plural': '人员',
                },
                managers=[
                    ('objects', django.contrib.auth.models.UserManager()),
                ],
            ),
            migrations.CreateModel(
                name='Unit',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=40, unique=True, verbose_name='编码')),
                    ('name', models.CharField(max_length=80, verbose_name='名称')),
                    ('kind', models.CharField(choices=[('province', '省'), ('city', '市'), ('county', '县'), ('township', '乡镇'), ('subdistrict', '街道'), ('village', '村（社区）'), ('station', '代表联络站'), ('department', '责任单位'), ('delegation', '代表团'), ('group', '代表监督小组')], max_length=12, verbose_name='类别')),
                    ('path', models.CharField(db_index=True, default='/', max_length=200)),
                    ('ends_on', models.DateField(blank=True, null=True, verbose_name='撤销日期')),
                    ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='workflow.unit')),
                    ('tenant', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='inner_units', to='workflow.unit')),
                ],
                options={
                    'verbose_name': '单位',
                    'verbose_name_plural': '单位',
                    'ordering': ['code'],
                },
            ),
            migrations.AddIndex(
                model_name='unit',
                index=models.Index(fields=['path'], name='unit_path_prefix', opclasses=['text_pattern_ops']),
            ),
        ]),
    ]
