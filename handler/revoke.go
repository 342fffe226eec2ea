package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"mailgrant/handler/engine"
	"mailgrant/handler/grant"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"
)

// revoke asks for the end of a grant before its time.
func (s *server) revoke(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := grantID(c)
	if err != nil {
		return err
	}
	asked, err := readRevocation(c.Request().Body)
	if err != nil {
		return err
	}
	e, err := s.backend.ready(ctx)
	if err != nil {
		return err
	}
	view, err := e.Revoke(ctx, id, callerOf(c).speakingAs(asked.by), asked.reason)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/grants/"+id)
	c.Response().Header().Set("Retry-After", pollAfter)
	return c.JSON(http.StatusAccepted, shown(view))
}

// revocation is what a caller may say of a revoke. Both are claims for the history.
type revocation struct {
	by, reason string
}

// readRevocation reads the optional body {"by", "reason"}. No body is none of the
// two; a body with faults is refused with all of them, because a name that is
// misspelt would otherwise be lost silently.
func readRevocation(body io.Reader) (revocation, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return revocation{}, fmt.Errorf("reading the body: %w", err)
	}
	if len(text) == 0 {
		return revocation{}, nil
	}
	members := map[string]any{}
	err = json.Unmarshal(text, &members)
	if err != nil {
		return revocation{}, &engine.Error{Kind: engine.KindMalformed, Detail: "the body has to be one JSON object with unique names"}
	}
	var asked revocation
	faults := unknownMembers(members, "by", "reason")
	faults = append(faults, readLine(members, "by", 256, &asked.by)...)
	faults = append(faults, readLine(members, "reason", 1024, &asked.reason)...)
	if len(faults) > 0 {
		return revocation{}, &engine.Error{Kind: engine.KindShape, Detail: "the body has faults; nothing was done", Faults: faults}
	}
	return asked, nil
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
