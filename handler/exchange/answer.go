package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// answer is one page of a success, taken apart.
type answer struct {
	rows     []row
	nextLink string
	warnings []string
	// failures are errors that came with a success status: the cmdlet went on after them, or the
	// answer broke off. Any of them makes the whole a failure.
	failures []fault
	// listed tells an empty list from no list at all: only the former is an answer to a read.
	listed bool
}

var (
	errNotAnAnswer = errors.New("the body is not an answer of the administration endpoint")
	errTwice       = errors.New("the name appears twice, in different case")
)

// decodeAnswer reads the body of a success. An empty body is a valid answer without a list, as
// cmdlets without output give it. Anything that is not one whole JSON object is an error.
func decodeAnswer(body []byte) (answer, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return answer{}, nil
	}
	var envelope map[string]json.RawMessage
	err := json.Unmarshal(body, &envelope)
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", errNotAnAnswer, err)
	}
	if envelope == nil {
		return answer{}, errNotAnAnswer
	}
	var decoded answer
	for name, raw := range envelope {
		err := decoded.take(strings.TrimPrefix(strings.ToLower(name), "@"), raw)
		if err != nil {
			return answer{}, fmt.Errorf("decode %q: %w", clean(name, headerLimit), err)
		}
	}
	return decoded, nil
}

func (a *answer) take(name string, raw json.RawMessage) error {
	switch name {
	case "value":
		return a.takeRows(raw)
	case "odata.nextlink":
		return a.takeLink(raw)
	case "adminapi.warnings":
		a.warnings = row{name: raw}.list(name)
	case "adminapi.errors":
		a.takeFailures(raw)
	case "error":
		// A stream that breaks after its status was sent ends like this.
		if !bytes.Equal(raw, []byte("null")) {
			a.failures = append(a.failures, decodeErrorObject(raw))
		}
	}
	return nil
}

func (a *answer) takeRows(raw json.RawMessage) error {
	var elements []json.RawMessage
	err := json.Unmarshal(raw, &elements)
	if err != nil {
		return fmt.Errorf("a list was expected: %w", err)
	}
	if elements == nil {
		return nil
	}
	if a.listed {
		return errTwice
	}
	a.listed = true
	for _, element := range elements {
		decoded, isObject := newRow(element)
		if !isObject {
			return errors.New("an element of the list is not an object")
		}
		a.rows = append(a.rows, decoded)
	}
	return nil
}

// takeLink refuses a link that is there but unreadable: ignoring it would cut the list short.
func (a *answer) takeLink(raw json.RawMessage) error {
	if a.nextLink != "" {
		return errTwice
	}
	err := json.Unmarshal(raw, &a.nextLink)
	if err != nil {
		return fmt.Errorf("a link was expected: %w", err)
	}
	return nil
}

// takeFailures accepts what is not a list too: what the tenant puts under this name is not
// published, and an error must not be overlooked for its shape.
func (a *answer) takeFailures(raw json.RawMessage) {
	var elements []json.RawMessage
	err := json.Unmarshal(raw, &elements)
	if err != nil {
		elements = []json.RawMessage{raw}
	}
	for _, element := range elements {
		text := scalarText(element)
		if text == "" {
			text = string(element)
		}
		a.failures = append(a.failures, decodeDetail(text))
	}
}
