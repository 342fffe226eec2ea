package host

import (
	"errors"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// system is the host's own part of the metadata.
func system(f *function, now time.Time) map[string]any {
	return map[string]any{
		"MethodName": f.name,
		"UtcNow":     now.UTC().Format(time.RFC3339Nano),
		"RandGuid":   newIdentifier(),
	}
}

// byHand is the envelope of a text, with the metadata that every call has.
// Strings are encoded once more, whatever they hold.
func byHand(f *function, text string, now time.Time) envelope {
	return envelope{
		Data:     map[string]any{f.binding: encoded(text)},
		Metadata: map[string]any{"sys": system(f, now)},
	}
}

// offsetTime writes a time as .NET writes a DateTimeOffset that has lost its
// fractions.
func offsetTime(at time.Time) string {
	return at.UTC().Format("2006-01-02T15:04:05+00:00")
}

// statusOf returns the HTTP status of a storage error, 0 where there is none.
func statusOf(err error) int {
	refused := new(azcore.ResponseError)
	if !errors.As(err, &refused) {
		return 0
	}
	return refused.StatusCode
}
