import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('indicators', '0002_doubtful_entries'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='indicatorset',
            name='again_of',
            field=models.PositiveIntegerField(help_text='the earlier version with this content', null=True),
        ),
        migrations.AddField(
            model_name='indicatorset',
            name='difference',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='indicatorset',
            name='is_followed',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='indicatorset',
            name='withdrawn_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='indicatorset',
            name='withdrawn_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='indicatorset',
            name='withdrawn_why',
            field=models.TextField(blank=True),
        ),
    ]
