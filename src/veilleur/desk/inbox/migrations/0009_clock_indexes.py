"""What is near and what is late is found without reading every ticket; built while people work."""

from django.db import migrations, models

from veilleur.desk.growing import BuildIndex


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('inbox', '0008_live'),
    ]

    operations = [
        BuildIndex(
            model_name='ticketrow',
            index=models.Index(condition=models.Q(('clock__isnull', False)), fields=['organisation', 'to_do', 'clock', 'due_at', 'id'], name='ticket_clock'),
        ),
        BuildIndex(
            model_name='ticketrow',
            index=models.Index(condition=models.Q(('clock__isnull', True), ('near_at__isnull', False)), fields=['organisation', 'to_do', 'near_at'], name='ticket_alarm'),
        ),
    ]
