package docs

import (
	"strings"
	"testing"

	"mailgrant/handler/telemetry"
)

const telemetryPage = "docs/telemetry.md"

// TestMetricsAndAttributes: every name that leaves the service is in the page's tables, and
// nothing else is.
func TestMetricsAndAttributes(t *testing.T) {
	t.Parallel()
	same(t, "metrics", columnOf(t, telemetryPage, "metric", 1), telemetry.Metrics())
	var is []string
	for _, word := range parse(t).words() {
		if strings.HasPrefix(word, "mailgrant.") || strings.HasPrefix(word, "http.re") || word == telemetry.AttributeRoute {
			is = append(is, word)
		}
	}
	said := columnOf(t, telemetryPage, "attribute", 1)
	said = append(said, columnOf(t, telemetryPage, "metric", 1)...)
	said = append(said, columnOf(t, telemetryPage, "metric", 4)...)
	same(t, "names of telemetry", distinct(said), without(is, "mailgrant.yaml"))
}

func without(words []string, unwanted string) []string {
	var left []string
	for _, word := range words {
		if word != unwanted {
			left = append(left, word)
		}
	}
	return left
}
