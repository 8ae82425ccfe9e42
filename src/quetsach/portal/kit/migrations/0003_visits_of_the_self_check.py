from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kit', '0002_refusals'),
    ]

    operations = [
        migrations.CreateModel(
            name='Visit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('unit', models.CharField(blank=True, max_length=32)),
                ('count', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('day', 'unit'), name='visit_once')],
            },
        ),
    ]
