package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"mailgrant/handler/engine"
	"mailgrant/handler/grant"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"
)

// statement is what a caller says of what he asks for: who he is and why. Both are
// claims, recorded as such.
type statement struct {
	by, reason string
}

// stated reads the call's statement and adds what is known of the caller himself.
func stated(c echo.Context, required ...string) (statement, error) {
	said, err := readStatement(c.Request().Body, required...)
	said.by = callerOf(c).speakingAs(said.by)
	return said, err
}

// readStatement reads the optional body {"by", "reason"}, in which the required names
// may not be missing or blank. No body is none of the two; a body with faults is
// refused with all of them, because a name that is misspelt would otherwise be lost
// silently.
func readStatement(body io.Reader, required ...string) (statement, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return statement{}, fmt.Errorf("reading the body: %w", err)
	}
	members := map[string]any{}
	if len(text) > 0 {
		err = json.Unmarshal(text, &members)
	}
	if err != nil {
		return statement{}, &engine.Error{Kind: engine.KindMalformed, Detail: "the body has to be one JSON object with unique names"}
	}
	var said statement
	faults := unknownMembers(members, "by", "reason")
	faults = append(faults, readLine(members, "by", 256, &said.by)...)
	faults = append(faults, readLine(members, "reason", 1024, &said.reason)...)
	if len(faults) == 0 {
		faults = said.missing(required)
	}
	if len(faults) > 0 {
		return statement{}, &engine.Error{Kind: engine.KindShape, Detail: "the body has faults; nothing was done", Faults: faults}
	}
	return said, nil
}

func (s statement) missing(required []string) []grant.Fault {
	var faults []grant.Fault
	values := map[string]string{"by": s.by, "reason": s.reason}
	for _, name := range required {
		if values[name] == "" {
			faults = append(faults, faultAt(name, "required", "this is recorded for ever and has to be said"))
		}
	}
	return faults
}

func unknownMembers(members map[string]any, known ...string) []grant.Fault {
	var faults []grant.Fault
	for name := range members {
		if !slices.Contains(known, name) {
			faults = append(faults, faultAt(name, "unknownName", "nothing of this name is known here; known are "+strings.Join(known, ", ")))
		}
	}
	slices.SortFunc(faults, func(a, b grant.Fault) int { return strings.Compare(a.Pointer, b.Pointer) })
	return faults
}

// readLine reads an optional line of text; control characters are refused, because
// the text is shown in logs and histories.
func readLine(members map[string]any, name string, longest int, into *string) []grant.Fault {
	value, given := members[name]
	if !given {
		return nil
	}
	text, ok := value.(string)
	switch {
	case !ok:
		return []grant.Fault{faultAt(name, "type", "this has to be a string")}
	case len(text) > longest:
		return []grant.Fault{faultAt(name, "tooLong", fmt.Sprintf("this has %d bytes; %d are allowed", len(text), longest))}
	case strings.ContainsFunc(text, unprintable):
		return []grant.Fault{faultAt(name, "controlCharacter", "line breaks and other control characters are not allowed")}
	}
	*into = strings.TrimSpace(text)
	return nil
}

func unprintable(letter rune) bool {
	return unicode.IsControl(letter) || unicode.In(letter, unicode.Cf, unicode.Zl, unicode.Zp)
}

func faultAt(name, reason, detail string) grant.Fault {
	return grant.Fault{Pointer: string(jsontext.Pointer("").AppendToken(name)), Reason: reason, Detail: detail}
}
