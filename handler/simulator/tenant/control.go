package tenant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// control serves the control port: what the Go methods do, for other processes. It never goes
// through faults and its calls are not in the request log.
func (t *Tenant) control() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /clock", t.controlled(func([]byte) (any, error) { return t.clockReading(t.clock.skewed()), nil }))
	routes.HandleFunc("POST /clock", t.controlled(t.moveClock))
	routes.HandleFunc("POST /administrator", t.controlled(func(body []byte) (any, error) {
		actions, err := oneOrMany[Action](body)
		if err != nil {
			return nil, err
		}
		return map[string]any{}, t.Administer(actions...)
	}))
	routes.HandleFunc("POST /faults", t.controlled(func(body []byte) (any, error) {
		faults, err := oneOrMany[Fault](body)
		if err != nil {
			return nil, err
		}
		return map[string]any{}, t.Fault(faults...)
	}))
	routes.HandleFunc("DELETE /faults", t.controlled(func([]byte) (any, error) {
		t.ClearFaults()
		return map[string]any{}, nil
	}))
	routes.HandleFunc("GET /changes", t.controlled(func([]byte) (any, error) { return t.Changes(), nil }))
	routes.HandleFunc("GET /dump", t.controlled(func([]byte) (any, error) { return json.RawMessage(t.Dump()), nil }))
	routes.HandleFunc("GET /requests", t.controlled(func([]byte) (any, error) { return t.Requests(), nil }))
	routes.HandleFunc("DELETE /requests", t.controlled(func([]byte) (any, error) {
		t.ResetRequests()
		return map[string]any{}, nil
	}))
	routes.HandleFunc("GET /unknown", t.controlled(func([]byte) (any, error) { return t.Unknown(), nil }))
	routes.HandleFunc("GET /mail", t.controlled(func([]byte) (any, error) { return t.mailAddresses(), nil }))
	routes.HandleFunc("GET /reach", t.answerReach)
	routes.HandleFunc("GET /token", func(w http.ResponseWriter, r *http.Request) {
		token := t.Token(r.URL.Query().Get("workload"), r.URL.Query().Get("resource"))
		if token == "" {
			http.Error(w, "there is no such workload or resource", http.StatusBadRequest)
			return
		}
		reply(w, map[string]string{"token": token})
	})
	return routes
}

// controlled answers 400 with the reason where the action fails.
func (t *Tenant) controlled(act func(body []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestBody))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		result, err := act(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		reply(w, result)
	}
}

// reply encodes before it writes, so that a failure can still be a status.
func reply(w http.ResponseWriter, value any) {
	// The dump must come as the bytes it is, and not compacted.
	text, raw := value.(json.RawMessage)
	if !raw {
		encoded, err := json.Marshal(value)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		text = append(encoded, '\n')
	}
	w.Header().Set("Content-Type", "application/json")
	// The client may have gone; there is nobody to tell.
	_, _ = w.Write(text)
}

// oneOrMany reads one object or a list of them, strictly.
func oneOrMany[T any](body []byte) ([]T, error) {
	body = bytes.TrimSpace(body)
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if len(body) > 0 && body[0] == '[' {
		var many []T
		err := decoder.Decode(&many)
		if err != nil {
			return nil, fmt.Errorf("read the list: %w", err)
		}
		return many, nil
	}
	var one T
	err := decoder.Decode(&one)
	if err != nil {
		return nil, fmt.Errorf("read the object: %w", err)
	}
	return []T{one}, nil
}

// mailAddresses tells other processes where the older protocols are served.
func (t *Tenant) mailAddresses() map[string]string {
	addresses := map[string]string{}
	for protocol := range protocolPermissions {
		addresses[protocol] = t.MailAddress(protocol)
	}
	return addresses
}

func (t *Tenant) clockReading(now time.Time) map[string]string {
	return map[string]string{"now": now.Format(time.RFC3339Nano)}
}

// moveClock lets late effects land before it answers.
func (t *Tenant) moveClock(body []byte) (any, error) {
	var wanted struct {
		Advance string `json:"advance"`
		Set     string `json:"set"`
	}
	err := json.Unmarshal(body, &wanted)
	if err != nil {
		return nil, fmt.Errorf("read the clock's move: %w", err)
	}
	switch {
	case (wanted.Advance == "") == (wanted.Set == ""):
		return nil, fmt.Errorf("move the clock: give either advance or set")
	case wanted.Advance != "":
		by, err := time.ParseDuration(wanted.Advance)
		if err != nil {
			return nil, fmt.Errorf("move the clock: %w", err)
		}
		err = t.clock.advance(by)
		if err != nil {
			return nil, err
		}
	default:
		to, err := time.Parse(time.RFC3339Nano, wanted.Set)
		if err != nil {
			return nil, fmt.Errorf("move the clock: %w", err)
		}
		err = t.clock.set(to)
		if err != nil {
			return nil, err
		}
	}
	t.settle()
	return t.clockReading(t.Now()), nil
}
