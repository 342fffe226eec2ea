package main

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// How long each kind of call may take. They lie far below the host's functionTimeout,
// because that kills the whole process with every other call in it.
const (
	applyLimit = 4 * time.Minute
	sweepLimit = 2 * time.Minute
	httpLimit  = 100 * time.Second
)

// maxBody is the most bytes that a caller's body may have, and maxEnvelope the
// most of the host's own: its metadata around a message that holds an id.
const (
	maxBody     = 64 << 10
	maxEnvelope = 1 << 20
)

// server answers the host's calls.
type server struct {
	backend *backend
	log     *slog.Logger
}

// route is one line of the route table.
type route struct {
	function string // the function.json that it belongs to
	method   string
	path     string
	limit    time.Duration
	handle   echo.HandlerFunc
}

// routes is the route table. What callers may reach lies under /api/ only; what the
// host's other triggers reach lies at root names only, where no route of the host's
// HTTP front leads.
func (s *server) routes() []route {
	return []route{
		// HTTP. A second delivery with the same key and body finds the same grant; with
		// another body it is refused. Without a key, the host's invocation id is the
		// key, which covers the proxy's own resending and nothing more.
		{"request", http.MethodPost, "/api/requests/:source", httpLimit, s.request},
		// HTTP. As the one before.
		{"migrate", http.MethodPost, "/api/migrations", httpLimit, s.migrate},
		// HTTP. As the one before.
		{"adopt", http.MethodPost, "/api/adoptions", httpLimit, s.adopt},
		// HTTP. They read; a second delivery reads again.
		{"grants", http.MethodGet, "/api/grants", httpLimit, s.listGrants},
		{"grants", http.MethodGet, "/api/grants/:id", httpLimit, s.showGrant},
		{"grants", http.MethodGet, "/api/grants/:id/:view", httpLimit, s.showView},
		// HTTP. A second delivery is recorded in the history and changes nothing else.
		{"revoke", http.MethodPost, "/api/grants/:id/revoke", httpLimit, s.revoke},
		// HTTP. A second delivery hurries the grant again.
		{"retry", http.MethodPost, "/api/grants/:id/retry", httpLimit, s.retry},
		// HTTP. A second delivery finds the grant abandoned, and is refused.
		{"drop", http.MethodPost, "/api/grants/:id/drop", httpLimit, s.drop},
		// HTTP. A second delivery gives a second code, for the same calls.
		{"probecode", http.MethodPost, "/api/grants/:id/probe/code", httpLimit, s.probeCode},
		// HTTP. A second delivery is refused, because the code is used up; one that follows
		// a failure of the storage ends what the first has begun.
		{"probe", http.MethodPost, "/api/grants/:id/probe", httpLimit, s.probe},
		// HTTP. A second delivery asks what has not ended once more, and covers what was
		// received in between.
		{"stop", http.MethodPost, "/api/workloads/:id/revoke", httpLimit, s.stop},
		// HTTP. A second delivery changes who did it last, and nothing else.
		{"freeze", http.MethodPost, "/api/freeze", httpLimit, s.freeze},
		{"unfreeze", http.MethodDelete, "/api/freeze", httpLimit, s.unfreeze},
		{"frozen", http.MethodGet, "/api/freeze", httpLimit, s.frozen},
		// HTTP. It reads.
		{"halts", http.MethodGet, "/api/halts", httpLimit, s.halts},
		// HTTP. A second delivery confirms what has come to wait since the first.
		{"confirm", http.MethodPost, "/api/halts/:kind/confirm", httpLimit, s.confirm},
		// HTTP. A second delivery begins the seven days anew.
		{"restored", http.MethodPost, "/api/restored", httpLimit, s.restored},
		// HTTP. They read; a second delivery reads again. Where that takes a survey of the
		// tenant, the second delivery finds the operation of the first while it runs.
		{"access", http.MethodGet, "/api/access", httpLimit, s.access},
		{"exposure", http.MethodGet, "/api/exposure", httpLimit, s.exposure},
		// HTTP. A second delivery is a second operation; the sweep behind it finds
		// nothing left to do.
		{"run", http.MethodPost, "/api/run/:kind", httpLimit, s.run},
		// HTTP. They read.
		{"operations", http.MethodGet, "/api/operations/:id", httpLimit, s.operation},
		{"health", http.MethodGet, "/api/health", httpLimit, s.health},
		// HTTP. It reads the tenant, and writes rows of its own; a second delivery examines
		// again, beside the first.
		{"doctor", http.MethodGet, "/api/doctor", httpLimit, s.doctor},
		// Queue. The message only names whose rows are to be looked at: a second
		// delivery finds them done, or leased by the first.
		{"apply", http.MethodPost, "/apply", applyLimit, s.apply},
		{"notify", http.MethodPost, "/notify", sweepLimit, s.notify},
		// Timer. A second delivery finds the same rows due and sends the same hints.
		{"expire", http.MethodPost, "/expire", sweepLimit, s.expire},
		{"retest", http.MethodPost, "/retest", sweepLimit, s.retest},
		// Timer. A second delivery takes up the operation of the first while it runs, and
		// else starts another one, which looks and finds the same.
		{"discover", http.MethodPost, "/discover", sweepLimit, s.discover},
	}
}

// newServer puts the route table behind what every call passes through.
func newServer(backend *backend, log *slog.Logger) http.Handler {
	s := &server{backend: backend, log: log}
	router := echo.New()
	router.HideBanner, router.HidePort = true, true
	router.Logger.SetOutput(lineWriter{log})
	router.HTTPErrorHandler = s.fail
	router.Use(s.observe, s.survive)
	// The host's readiness and liveness check: any answer will do, at once.
	router.GET("/", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	for _, route := range s.routes() {
		layers := []echo.MiddlewareFunc{within(route.limit), bounded}
		if !strings.HasPrefix(route.path, "/api/") {
			layers = append([]echo.MiddlewareFunc{marked}, layers...)
		}
		router.Add(route.method, route.path, route.handle, layers...)
	}
	return router
}

// lineWriter hands what the router would print to the log.
type lineWriter struct{ log *slog.Logger }

func (w lineWriter) Write(line []byte) (int, error) {
	w.log.Warn("the router says", "line", string(line))
	return len(line), nil
}
