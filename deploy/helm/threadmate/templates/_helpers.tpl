{{- define "threadmate.name" -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}

{{- define "threadmate.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "threadmate.labels" -}}
{{ include "threadmate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "threadmate.secret" -}}
{{- .Values.secret.existing | default (include "threadmate.name" .) -}}
{{- end -}}

{{- define "threadmate.claim" -}}
{{- .Values.sqlite.existingClaim | default (include "threadmate.name" .) -}}
{{- end -}}
