package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// delivery is the key under which a life's request is sent.
const delivery = "one-life"

const deliveryTries = 10

// request sends the request as a ticket system does: again, with the same key, until
// it is answered.
func (l *life) request() {
	l.enter("request")
	for range deliveryTries {
		answer, err := l.call(http.MethodPost, "/api/requests/ops", l.mechanism.request(0))
		l.recover()
		if err != nil || answer.status != http.StatusAccepted {
			continue
		}
		var told struct{ ID string }
		err = json.Unmarshal(answer.body, &told)
		if err != nil || told.ID == "" {
			l.Fatalf("the receipt names no grant: %s", answer.body)
		}
		l.id = told.ID
		return
	}
	l.Fatalf("the request was never answered")
}

type answered struct {
	status int
	header http.Header
	body   []byte
}

// get asks until the process is there to answer.
func (l *life) get(path string) []byte {
	for range settleTries {
		answer, err := l.call(http.MethodGet, path, "")
		if err == nil && answer.status < 500 {
			return answer.body
		}
		l.recover()
	}
	l.Fatalf("%s was never answered", path)
	return nil
}

// call makes one call under the life's key.
func (l *life) call(method, path, body string) (answered, error) {
	return l.callAs(delivery, method, path, body)
}

func (l *life) callAs(key, method, path, body string) (answered, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, l.stack.Host.URL()+path, strings.NewReader(body))
	if err != nil {
		return answered{}, err
	}
	request.Header.Set("x-functions-key", l.stack.Host.FunctionKey())
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answered{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answered{response.StatusCode, response.Header, text}, err
}
