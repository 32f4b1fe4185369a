"""Form parts shared by every room: the renderer of labels, hints and errors."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Label, hint, error, control, in this order; a summary of the errors above the form (FORM_RENDERER)."""

    form_template_name = "django/forms/page.html"
    field_template_name = "django/forms/page_field.html"
