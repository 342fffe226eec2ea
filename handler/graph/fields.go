package graph

import (
	"time"

	"github.com/google/uuid"
)

// guid returns a required id of an answer in lower case. Ids go into later paths
// and comparisons, so another shape is an answer that cannot be used.
func (i *inquiry) guid(name string, value *string) (string, error) {
	text := textOf(value)
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(uuid.Nil.String()) {
		return "", i.fail(Incomplete, "the answer's %s is %q, not a GUID", name, printable(text, 80))
	}
	return id.String(), nil
}

func textOf(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

func identifierOf(value *uuid.UUID) string {
	if value == nil {
		return ""
	}
	return value.String()
}

func timeOf(value *time.Time) time.Time {
	if value == nil {
		return time.Time{}
	}
	return value.UTC()
}

func isTrue(value *bool) bool { return value != nil && *value }
