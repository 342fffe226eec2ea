package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mailgrant/handler/engine"
	"mailgrant/handler/grant"

	"github.com/labstack/echo/v4"
)

// opsSource is the one source that there is: callers who send the canonical body.
const opsSource = "ops"

const (
	// longestWait bounds Prefer: wait. The platform's front end gives up on an answer
	// after 230 s (Microsoft Learn, functionTimeout), our own deadline is shorter.
	longestWait = 90 * time.Second
	longestKey  = 255
	// pollAfter is the Retry-After of a 202, in seconds.
	pollAfter = "5"
)

// request takes a request for access in.
func (s *server) request(c echo.Context) error {
	source := c.Param("source")
	if source != opsSource {
		return notFound("no source of this name is configured; there is " + opsSource)
	}
	return s.take(c, source, func(body []byte) []byte { return body })
}

// take stores what canonical makes of the body, and answers with the grant; or, where a
// plan is asked for, with that, and stores nothing.
func (s *server) take(c echo.Context, source string, canonical func([]byte) []byte) error {
	ctx := c.Request().Context()
	key, err := deliveryKey(c.Request())
	if err != nil {
		return err
	}
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	e, err := s.backend.ready(ctx)
	if err != nil {
		return err
	}
	delivery := engine.Delivery{Source: source, Key: key, Body: canonical(body)}
	if grant.AsksDryRun(delivery.Body) {
		return s.rehearse(c, e, delivery)
	}
	receipt, err := e.Receive(ctx, delivery)
	if err != nil {
		return err
	}
	return s.received(c, e, receipt)
}

// received answers a request that was taken in: at once, or after its binding where
// the caller prefers to wait for that.
func (s *server) received(c echo.Context, e *engine.Engine, receipt engine.Receipt) error {
	location := "/api/grants/" + receipt.ID
	c.Response().Header().Set("Location", location)
	wait := preferredWait(c.Request().Header.Values("Prefer"))
	if wait > 0 {
		c.Response().Header().Set("Preference-Applied", "wait="+strconv.Itoa(int(wait.Seconds())))
	}
	view, err := s.outcome(c, e, receipt.ID, wait)
	if wait > 0 && err == nil && view.Refused() {
		return refusal(view)
	}
	c.Response().Header().Set("Retry-After", pollAfter)
	if err != nil {
		// What was taken in stays taken in: a caller who is told of a failure here
		// would send it again.
		s.log.WarnContext(c.Request().Context(), "a grant that was taken in cannot be shown", "id", receipt.ID, "error", err.Error())
		return c.JSON(http.StatusAccepted, taken{ID: receipt.ID, State: grant.Received})
	}
	return c.JSON(http.StatusAccepted, shown(view))
}

// taken is all that is known of a request that was taken in but cannot be shown.
type taken struct {
	ID    string      `json:"id"`
	State grant.State `json:"state"`
}

func (s *server) outcome(c echo.Context, e *engine.Engine, id string, wait time.Duration) (engine.View, error) {
	ctx := c.Request().Context()
	if wait <= 0 {
		return e.Show(ctx, id)
	}
	view, _, err := e.AwaitBinding(ctx, id, wait)
	return view, err
}

func refusal(view engine.View) *problem {
	p := problemOf("binding", http.StatusUnprocessableEntity, "The request cannot be granted", "the grant is denied; nothing was made")
	p.Grant, p.Faults = view.ID, view.Faults
	return p
}

// deliveryKey is what makes a delivery one: the caller's Idempotency-Key, else the
// host's id of the call. A call that came past the host gets a key of its own.
func deliveryKey(request *http.Request) (string, error) {
	keys := request.Header.Values("Idempotency-Key")
	switch {
	case len(keys) == 0:
		id := invocationID(request)
		if id == "" {
			id = rand.Text()
		}
		return id, nil
	case len(keys) > 1:
		return "", badParameter("Idempotency-Key is sent more than once")
	case keys[0] == "" || len(keys[0]) > longestKey || !printable(keys[0]):
		return "", badParameter(fmt.Sprintf("Idempotency-Key has to be 1 to %d printable ASCII characters", longestKey))
	}
	return keys[0], nil
}

// preferredWait reads wait=N (seconds) from Prefer headers (RFC 7240). The first
// wait counts; one that cannot be read is ignored, as the standard asks; one that
// is too long is cut.
func preferredWait(headers []string) time.Duration {
	for preference := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		token, _, _ := strings.Cut(preference, ";")
		name, value, _ := strings.Cut(token, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
		if err != nil {
			return 0
		}
		return min(time.Duration(seconds)*time.Second, longestWait)
	}
	return 0
}
