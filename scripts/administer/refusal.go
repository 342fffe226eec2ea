package administer

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Refusal is an answer that is no success.
type Refusal struct {
	// Attempted is what was asked: the cmdlet, or the method and path.
	Attempted string
	Status    int
	// Type is the short name of Exchange's exception, or Graph's error code; empty when there was none.
	Type string
	// Message is the service's text, for people.
	Message   string
	RequestID string
}

// Error says what was attempted and what came back.
func (r *Refusal) Error() string {
	text := fmt.Sprintf("%s was answered %d", r.Attempted, r.Status)
	for _, part := range []string{r.Type, r.Message} {
		if part != "" {
			text += ", " + part
		}
	}
	if r.RequestID != "" {
		text += " (request " + r.RequestID + ")"
	}
	return text
}

// The types on which decisions are made. The first three were seen on the live service by public
// clients; who has no right to hand a role on is told apart by text alone there, so that any other
// refusal of a proof counts as one.
const (
	typeNotFound      = "ManagementObjectNotFoundException"
	typeExists        = "ADObjectAlreadyExistsException"
	typeGraphNotFound = "Request_ResourceNotFound"
)

// NotFound reports whether the tenant itself says, by its own type, that the object is absent.
func NotFound(err error) bool { return hasType(err, typeNotFound, typeGraphNotFound) }

// AlreadyExists reports whether the name is taken.
func AlreadyExists(err error) bool { return hasType(err, typeExists) }

func hasType(err error, types ...string) bool {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return false
	}
	for _, each := range types {
		if refusal.Type == each {
			return true
		}
	}
	return false
}

// refusalOf reads the error of a reply; nil for a success.
func refusalOf(attempted string, got Reply) error {
	if got.Status >= 200 && got.Status <= 299 {
		return nil
	}
	refusal := &Refusal{Attempted: attempted, Status: got.Status, RequestID: got.Header.Get("request-id")}
	refusal.Type, refusal.Message = Failure(got)
	switch {
	case refusal.Message != "":
	case got.Status == http.StatusUnauthorized:
		refusal.Message = "the token is refused"
	case got.Status == http.StatusForbidden:
		refusal.Message = "the caller may not do this"
	}
	return refusal
}

// Failure takes the type and the text out of the body of a refusal, in whichever of the shapes that
// Graph and the administration endpoint use; both empty when it has none.
func Failure(got Reply) (string, string) {
	var body struct {
		Error struct {
			Code    string
			Message string
			Details []struct{ Message string }
		}
	}
	err := json.Unmarshal(got.Body, &body)
	if err != nil {
		return "", ""
	}
	for _, detail := range body.Error.Details {
		kind, text := detailOf(detail.Message)
		if kind != "" {
			return kind, text
		}
	}
	return body.Error.Code, body.Error.Message
}

// detailOf reads a detail: an id, a type and a text between bars, or an object as text.
func detailOf(detail string) (string, string) {
	var object struct{ Message, TypeName string }
	err := json.Unmarshal([]byte(detail), &object)
	if err == nil {
		return short(object.TypeName), object.Message
	}
	parts := strings.SplitN(detail, "|", 3)
	if len(parts) < 3 {
		return "", ""
	}
	return short(parts[1]), parts[2]
}

func short(name string) string { return name[strings.LastIndex(name, ".")+1:] }
