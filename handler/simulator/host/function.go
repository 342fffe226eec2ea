package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// function is one function of the application. Exactly one of route, queue
// and schedule says what fires it.
type function struct {
	name string
	// binding is the trigger's name, the key under Data in the envelope.
	binding string

	route   *route
	methods []string // empty: all
	level   string

	queue string

	schedule *schedule
	monitor  bool
	retry    retryPolicy
}

// The authorization levels of an HTTP function.
const (
	levelAnonymous = "anonymous"
	levelFunction  = "function"
	levelAdmin     = "admin"
)

// retryPolicy is a timer's retry policy; attempts is 0 where there is none.
// Queue triggers have none in the real host either: they count deliveries.
type retryPolicy struct {
	attempts int
	// pause returns how long to wait before attempt n, counted from 1.
	pause func(n int) time.Duration
}

type functionFile struct {
	Bindings []binding `json:"bindings"`
	Disabled bool      `json:"disabled"`
	Retry    *struct {
		Strategy string `json:"strategy"`
		Max      int    `json:"maxRetryCount"`
		Delay    string `json:"delayInterval"`
		Minimum  string `json:"minimumInterval"`
		Maximum  string `json:"maximumInterval"`
	} `json:"retry"`
}

type binding struct {
	Type         string   `json:"type"`
	Direction    string   `json:"direction"`
	Name         string   `json:"name"`
	AuthLevel    string   `json:"authLevel"`
	Methods      []string `json:"methods"`
	Route        *string  `json:"route"`
	QueueName    string   `json:"queueName"`
	Connection   string   `json:"connection"`
	Schedule     string   `json:"schedule"`
	UseMonitor   *bool    `json:"useMonitor"`
	RunOnStartup bool     `json:"runOnStartup"`
}

var functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,126}$`)

func loadFunctions(folder string, settings map[string]string) ([]*function, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*", "function.json"))
	if err != nil {
		return nil, fmt.Errorf("listing the functions: %w", err)
	}
	var functions []*function
	var faults []error
	for _, path := range files {
		var file functionFile
		err = readJSON(path, &file)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if file.Disabled {
			continue
		}
		name := filepath.Base(filepath.Dir(path))
		made, err := newFunction(name, &file, settings)
		if err != nil {
			faults = append(faults, fmt.Errorf("function %s: %w", name, err))
			continue
		}
		functions = append(functions, made)
	}
	return functions, errors.Join(faults...)
}

func newFunction(name string, file *functionFile, settings map[string]string) (*function, error) {
	if !functionName.MatchString(name) {
		return nil, errors.New("the folder's name is not a function name")
	}
	trigger, err := onlyTrigger(file.Bindings)
	if err != nil {
		return nil, err
	}
	made := &function{name: name, binding: trigger.Name}
	switch trigger.Type {
	case "httpTrigger":
		err = made.fromHTTP(trigger, file.Bindings)
	case "queueTrigger":
		err = made.fromQueue(trigger, settings)
	case "timerTrigger":
		err = made.fromTimer(trigger, settings)
	default:
		err = fmt.Errorf("triggers of type %s are not played here", trigger.Type)
	}
	if err != nil || file.Retry == nil {
		return made, err
	}
	if made.schedule == nil {
		return nil, errors.New("only timers have a retry policy; messages are retried by their count of deliveries")
	}
	return made, made.retry.interpret(file)
}

// onlyTrigger returns the trigger of a function's bindings. Bindings beyond the
// trigger and an HTTP answer are refused: nothing here would carry them out.
func onlyTrigger(bindings []binding) (binding, error) {
	var triggers []binding
	for _, one := range bindings {
		switch {
		case strings.HasSuffix(one.Type, "Trigger"):
			triggers = append(triggers, one)
		case one.Type != "http" || one.Direction != "out":
			return binding{}, fmt.Errorf("bindings of type %s, direction %s, are not played here", one.Type, one.Direction)
		}
	}
	if len(triggers) != 1 {
		return binding{}, fmt.Errorf("%d triggers, not one", len(triggers))
	}
	if triggers[0].Name == "" || triggers[0].Direction != "in" {
		return binding{}, errors.New("the trigger needs a name and the direction in")
	}
	return triggers[0], nil
}

func (f *function) fromHTTP(trigger binding, bindings []binding) error {
	if len(bindings) != 2 {
		return errors.New("requests are passed on only to functions with one HTTP trigger and one HTTP output")
	}
	f.level = strings.ToLower(trigger.AuthLevel)
	if f.level == "" {
		f.level = levelFunction
	}
	if !slices.Contains([]string{levelAnonymous, levelFunction, levelAdmin}, f.level) {
		return fmt.Errorf("authLevel is %q", trigger.AuthLevel)
	}
	for _, method := range trigger.Methods {
		f.methods = append(f.methods, strings.ToUpper(method))
	}
	template := f.name
	if trigger.Route != nil {
		template = *trigger.Route
	}
	parsed, err := parseRoute(template)
	f.route = parsed
	return err
}

// fromQueue also wants the connection's setting to exist, as the real host
// refuses a function without it.
func (f *function) fromQueue(trigger binding, settings map[string]string) error {
	connection := trigger.Connection
	if connection == "" {
		connection = "AzureWebJobsStorage"
	}
	known := false
	for _, suffix := range []string{"", "__queueServiceUri", "__accountName"} {
		_, present := settings[connection+suffix]
		known = known || present
	}
	if !known {
		return fmt.Errorf("no setting for connection %s", connection)
	}
	name, err := expand(trigger.QueueName, settings)
	if err == nil && name == "" {
		err = errors.New("queueName is missing")
	}
	f.queue = name
	return err
}

func (f *function) fromTimer(trigger binding, settings map[string]string) error {
	if trigger.RunOnStartup {
		return errors.New("runOnStartup also fires whenever the platform adds an instance, and is not played here")
	}
	expression, err := expand(trigger.Schedule, settings)
	if err != nil {
		return err
	}
	f.schedule, err = parseSchedule(expression)
	f.monitor = trigger.UseMonitor == nil || *trigger.UseMonitor
	return err
}

// interpret reads a retry policy. The growing pauses double, which is what
// "exponential" promises; the exact spread of the real host is not published.
func (p *retryPolicy) interpret(file *functionFile) error {
	var fixed, least, most time.Duration
	err := errors.Join(
		span(&fixed, file.Retry.Delay, 0),
		span(&least, file.Retry.Minimum, time.Second),
		span(&most, file.Retry.Maximum, time.Minute))
	p.attempts = file.Retry.Max
	switch file.Retry.Strategy {
	case "fixedDelay":
		p.pause = func(int) time.Duration { return fixed }
	case "exponentialBackoff":
		p.pause = func(n int) time.Duration { return min(most, least<<min(n-1, 16)) }
	default:
		err = errors.Join(err, fmt.Errorf("retry strategy is %q", file.Retry.Strategy))
	}
	return err
}

func (f *function) sharesMethod(other *function) bool {
	if len(f.methods) == 0 || len(other.methods) == 0 {
		return true
	}
	return slices.ContainsFunc(f.methods, func(method string) bool { return slices.Contains(other.methods, method) })
}

// allows tells whether the function answers the method.
func (f *function) allows(method string) bool {
	return len(f.methods) == 0 || slices.Contains(f.methods, method)
}

// takes tells whether a request of this method and path is the function's.
func (f *function) takes(r *http.Request, rest string) bool {
	return f.route != nil && f.allows(r.Method) && f.route.matches(rest)
}

// encoded returns a string as the host puts it into an envelope: as JSON text
// inside a JSON string (azure-functions-host, ScriptInvocationContextExtensions).
func encoded(text string) string {
	content, err := json.Marshal(text)
	if err != nil {
		return text
	}
	return string(content)
}
