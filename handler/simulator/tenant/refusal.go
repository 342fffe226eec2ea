package tenant

import "net/http"

// graphError is the body of every refusal on Graph.
func graphError(status int, code, message, requestID string) answer {
	return jsonAnswer(status, map[string]any{"error": map[string]any{
		"code": code, "message": message,
		"innerError": map[string]any{"request-id": requestID, "client-request-id": requestID},
	}})
}

// refused is a refusal in the manner of the interface that was called.
func refused(kind string, status int, code, message string) answer {
	switch kind {
	case kindGraph, kindData:
		return graphError(status, code, message, refusalID)
	case kindToken:
		return jsonAnswer(status, map[string]any{"error": "temporarily_unavailable", "error_description": message})
	}
	return jsonAnswer(status, map[string]any{"error": map[string]any{"code": code, "message": message}})
}

// refusalID stands in bodies that are made before a request has its own id.
const refusalID = "00000000-0000-4000-8000-0000000000ff"

// throttled sends Retry-After as given; some services send fractions of a second, some nothing.
func throttled(kind, retryAfter string, status int) answer {
	made := refused(kind, status, "TooManyRequests", "Too many requests.")
	if kind == kindExchange {
		made = emptyAnswer(status)
	}
	if retryAfter != "" {
		made.header.Set("Retry-After", retryAfter)
	}
	return made
}

func unauthorized(kind, why string) answer {
	var made answer
	switch kind {
	case kindExchange:
		made = emptyAnswer(http.StatusUnauthorized)
	case kindToken:
		return jsonAnswer(http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_description": why})
	default:
		made = graphError(http.StatusUnauthorized, "InvalidAuthenticationToken", why, refusalID)
	}
	made.header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	return made
}

// softErrors is a 200 that is a failure all the same.
func softErrors() answer {
	return jsonAnswer(http.StatusOK, map[string]any{
		"adminapi.errors@odata.type":   "#Collection(String)",
		"@adminapi.errors":             []string{"The cmdlet reported an error that did not end it."},
		"adminapi.warnings@odata.type": "#Collection(String)",
		"@adminapi.warnings":           []string{},
		"value":                        []any{},
	})
}
