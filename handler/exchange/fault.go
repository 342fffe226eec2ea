package exchange

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// fault is what an error body says, before anybody judges it.
type fault struct {
	code          string
	exceptionType string
	message       string
}

// errorBody is decoded part by part: a part of an unexpected shape must not hide the others.
// encoding/json ignores the case of names, which differs between servers.
type errorBody struct {
	Error json.RawMessage `json:"error"`
}

type errorParts struct {
	Code       json.RawMessage `json:"code"`
	Message    json.RawMessage `json:"message"`
	Details    json.RawMessage `json:"details"`
	InnerError json.RawMessage `json:"innererror"`
}

type innerParts struct {
	Message           json.RawMessage `json:"message"`
	Type              json.RawMessage `json:"type"`
	InternalException json.RawMessage `json:"internalexception"`
}

// decodeError reads the body of a refusal in any of its shapes and never fails: what is not
// understood is kept as text. The generic message of the envelope is the last choice, since it
// says the same of every failure.
func decodeError(body []byte) fault {
	body = bytes.Trim(body, "\x00 \t\r\n")
	var envelope errorBody
	err := json.Unmarshal(body, &envelope)
	if err != nil || len(envelope.Error) == 0 {
		return fault{message: string(body)}
	}
	return decodeErrorObject(envelope.Error)
}

func decodeErrorObject(raw json.RawMessage) fault {
	var parts errorParts
	err := json.Unmarshal(raw, &parts)
	if err != nil {
		return fault{message: scalarOr(raw)}
	}
	best := bestFault(parts)
	best.code = scalarText(parts.Code)
	return best
}

// bestFault prefers a typed detail, then a typed inner exception, then any text at all.
func bestFault(parts errorParts) fault {
	candidates := decodeDetails(parts.Details)
	candidates = append(candidates, decodeInner(parts.InnerError))
	candidates = append(candidates, fault{message: scalarText(parts.Message)})
	for _, candidate := range candidates {
		if candidate.exceptionType != "" && !isWrapper(candidate.exceptionType) {
			return candidate
		}
	}
	for _, candidate := range candidates {
		if candidate.message != "" {
			return candidate
		}
	}
	return fault{}
}

func decodeDetails(raw json.RawMessage) []fault {
	var details []struct {
		Message json.RawMessage `json:"message"`
	}
	err := json.Unmarshal(raw, &details)
	if err != nil {
		return nil
	}
	var decoded []fault
	for _, detail := range details {
		decoded = append(decoded, decodeDetail(scalarOr(detail.Message)))
	}
	return decoded
}

func decodeInner(raw json.RawMessage) fault {
	var inner, internal innerParts
	err := json.Unmarshal(raw, &inner)
	if err != nil {
		return fault{}
	}
	err = json.Unmarshal(inner.InternalException, &internal)
	if err != nil {
		return fault{exceptionType: scalarText(inner.Type), message: scalarText(inner.Message)}
	}
	return unwrap(fault{exceptionType: scalarText(internal.Type), message: scalarText(internal.Message)})
}

// scalarOr keeps a composite as its own JSON, so that an object in the place of a string can still
// be read by decodeDetail.
func scalarOr(raw json.RawMessage) string {
	text := scalarText(raw)
	if text == "" && !bytes.Equal(raw, []byte("null")) {
		return string(raw)
	}
	return text
}

// Both are narrow on purpose: a text that merely contains bars must stay a text, or what a user
// typed could pass for the type of an exception.
var (
	errorID  = regexp.MustCompile(`^(Ex[0-9A-Fa-f]+)?$`)
	typeName = regexp.MustCompile(`^[A-Za-z_][\w]*([.+][A-Za-z_][\w]*)*$`)
)

// decodeDetail reads one detail: "Ex6F9304|Type|text", "|Type|text", an object written as a string,
// or plain text.
func decodeDetail(text string) fault {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		decoded, understood := decodeDetailObject(text)
		if understood {
			return decoded
		}
	}
	parts := strings.SplitN(text, "|", 3)
	if len(parts) == 3 && errorID.MatchString(parts[0]) && typeName.MatchString(parts[1]) {
		return unwrap(fault{exceptionType: parts[1], message: strings.TrimSpace(parts[2])})
	}
	return fault{message: text}
}

func decodeDetailObject(text string) (fault, bool) {
	var object struct {
		Message  json.RawMessage
		TypeName json.RawMessage
		Type     json.RawMessage
	}
	err := json.Unmarshal([]byte(text), &object)
	if err != nil {
		return fault{}, false
	}
	decoded := fault{exceptionType: scalarText(object.TypeName), message: scalarText(object.Message)}
	if decoded.exceptionType == "" {
		decoded.exceptionType = scalarText(object.Type)
	}
	understood := decoded.exceptionType != "" || decoded.message != ""
	return unwrap(decoded), understood
}

// wrapperTypes say only that something failed below them.
var wrapperTypes = []string{"DirectInvokeCmdletExecutionException", "CmdletProxyException", "ODataServiceException"}

func isWrapper(exceptionType string) bool {
	for _, wrapper := range wrapperTypes {
		if shortType(exceptionType) == wrapper {
			return true
		}
	}
	return false
}

// unwrap looks into the text of a wrapper for the failure that it carries. The innermost, hence
// last, type counts: a proxy first repeats the command. Inferred from one public transcript.
func unwrap(outer fault) fault {
	if !isWrapper(outer.exceptionType) {
		return outer
	}
	parts := strings.Split(outer.message, "|")
	for at := len(parts) - 2; at >= 0; at-- {
		name := strings.TrimSpace(parts[at])
		if strings.Contains(name, ".") && typeName.MatchString(name) && !isWrapper(name) {
			return fault{exceptionType: name, message: strings.TrimSpace(strings.Join(parts[at+1:], "|"))}
		}
	}
	return outer
}

// shortType is the name without its namespaces.
func shortType(exceptionType string) string {
	return exceptionType[strings.LastIndexAny(exceptionType, ".+")+1:]
}
