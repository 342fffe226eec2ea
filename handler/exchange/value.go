package exchange

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

var guidShape = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

const zeroGUID = "00000000-0000-0000-0000-000000000000"

// normalGUID returns the GUID in lower case, without braces, or "" when the text is none. The zero
// GUID is how Exchange writes "there is none" and becomes "".
func normalGUID(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	text = strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
	if !guidShape.MatchString(text) || text == zeroGUID {
		return ""
	}
	return text
}

// row is one object of an answer, its property names in lower case. The type of a property differs
// between servers (a flag comes as true or "True"), so each is decoded when it is asked for.
type row map[string]json.RawMessage

// newRow drops the annotations, whose names hold an "@", and says false for what is not an object.
func newRow(raw json.RawMessage) (row, bool) {
	var properties map[string]json.RawMessage
	err := json.Unmarshal(raw, &properties)
	if err != nil || properties == nil {
		return nil, false
	}
	decoded := make(row, len(properties))
	for name, value := range properties {
		if strings.Contains(name, "@") {
			continue
		}
		decoded[strings.ToLower(name)] = value
	}
	return decoded, true
}

// text returns a string, or a number or boolean as it is written; "" for null, absent or composite.
func (r row) text(name string) string {
	return scalarText(r[strings.ToLower(name)])
}

func (r row) guid(name string) string {
	return normalGUID(r.text(name))
}

// flag returns fallback unless the property clearly says true or false.
func (r row) flag(name string, fallback bool) bool {
	switch strings.ToLower(r.text(name)) {
	case "true":
		return true
	case "false":
		return false
	default:
		return fallback
	}
}

// list tolerates a single value because Exchange writes collections of one either way. It
// returns the strings of an array; a single string counts as an array of one.
func (r row) list(name string) []string {
	raw := r[strings.ToLower(name)]
	var elements []json.RawMessage
	err := json.Unmarshal(raw, &elements)
	if err != nil {
		elements = []json.RawMessage{raw}
	}
	var texts []string
	for _, element := range elements {
		text := scalarText(element)
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

func scalarText(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var text string
		err := json.Unmarshal(raw, &text)
		if err != nil {
			return ""
		}
		return text
	case '{', '[', 'n':
		return ""
	default:
		return string(raw)
	}
}
