package host

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// application is an assembled package as the host understands it.
type application struct {
	folder     string
	prefix     string
	proxying   bool
	executable string
	arguments  []string
	directory  string
	// port is 0 where the host chooses one.
	port           int
	initialization time.Duration
	timeout        time.Duration
	queues         queueSettings
	functions      []*function
}

// queueSettings are host.json's extensions.queues.
type queueSettings struct {
	batch, threshold, attempts int
	// delay is how long a failed message stays hidden; poll is the longest
	// pause between two looks into a queue.
	delay, poll time.Duration
	base64      bool
}

// hostFile is host.json as far as the stand-in obeys it.
type hostFile struct {
	Version         string `json:"version"`
	FunctionTimeout string `json:"functionTimeout"`
	CustomHandler   struct {
		Description *struct {
			Path      string   `json:"defaultExecutablePath"`
			Arguments []string `json:"arguments"`
			Directory string   `json:"workingDirectory"`
		} `json:"description"`
		Forwarding     bool            `json:"enableForwardingHttpRequest"`
		Proxying       bool            `json:"enableProxyingHttpRequest"`
		Port           int             `json:"port"`
		Initialization string          `json:"initializationTimeout"`
		HTTP           json.RawMessage `json:"http"`
	} `json:"customHandler"`
	Extensions struct {
		HTTP struct {
			Prefix *string `json:"routePrefix"`
		} `json:"http"`
		Queues queuesFile `json:"queues"`
	} `json:"extensions"`
}

type queuesFile struct {
	BatchSize         *int   `json:"batchSize"`
	NewBatchThreshold *int   `json:"newBatchThreshold"`
	MaxDequeueCount   *int   `json:"maxDequeueCount"`
	VisibilityTimeout string `json:"visibilityTimeout"`
	MaxPolling        string `json:"maxPollingInterval"`
	Encoding          string `json:"messageEncoding"`
}

// The host's defaults (Microsoft Learn, host.json reference and queue trigger
// settings; the initialization limit is the host's code, not its manual).
const (
	defaultPrefix         = "api"
	defaultInitialization = 30 * time.Second
	defaultTimeout        = 30 * time.Minute
	defaultPolling        = time.Minute
	defaultBatch          = 16
	defaultAttempts       = 5
)

// timeoutSetting is the application setting that comes before host.json (Microsoft Learn,
// host.json reference, Override host.json values).
const timeoutSetting = "AzureFunctionsJobHost__functionTimeout"

// load reads host.json and every function of a package, and returns every
// fault that would keep the real host from running it.
func load(folder string, settings map[string]string) (*application, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("locating the package: %w", err)
	}
	var file hostFile
	err = readJSON(filepath.Join(folder, "host.json"), &file)
	if err != nil {
		return nil, err
	}
	app, err := interpret(folder, &file, settings)
	if err != nil {
		return nil, fmt.Errorf("reading host.json: %w", err)
	}
	app.functions, err = loadFunctions(folder, settings)
	if err != nil {
		return nil, err
	}
	if len(file.CustomHandler.HTTP) > 0 && len(app.functions) > 0 {
		return nil, errors.New("host.json has customHandler.http routes and the package has function.json files: the host accepts one or the other")
	}
	err = app.check(file.CustomHandler.Forwarding)
	if err != nil {
		return nil, err
	}
	return app, nil
}

func interpret(folder string, file *hostFile, settings map[string]string) (*application, error) {
	if file.Version != "2.0" {
		return nil, fmt.Errorf("version is %q, not 2.0", file.Version)
	}
	description := file.CustomHandler.Description
	if description == nil || description.Path == "" {
		return nil, errors.New("customHandler.description.defaultExecutablePath is missing")
	}
	app := &application{
		folder:    folder,
		prefix:    defaultPrefix,
		proxying:  file.CustomHandler.Proxying, // it wins where both are set
		directory: filepath.Join(folder, description.Directory),
		port:      file.CustomHandler.Port,
	}
	if file.Extensions.HTTP.Prefix != nil {
		app.prefix = strings.Trim(*file.Extensions.HTTP.Prefix, "/")
	}
	// The package is searched before the PATH.
	app.executable = description.Path
	inside := filepath.Join(folder, description.Path)
	if isFile(inside) {
		app.executable = inside
	}
	var faults []error
	for _, argument := range description.Arguments {
		expanded, err := expand(argument, settings)
		faults = append(faults, err)
		app.arguments = append(app.arguments, expanded)
	}
	faults = append(faults,
		span(&app.initialization, file.CustomHandler.Initialization, defaultInitialization),
		span(&app.timeout, cmp.Or(settings[timeoutSetting], file.FunctionTimeout), defaultTimeout),
		app.queues.interpret(file.Extensions.Queues))
	return app, errors.Join(faults...)
}

func (q *queueSettings) interpret(file queuesFile) error {
	q.batch = valueOr(file.BatchSize, defaultBatch)
	q.threshold = valueOr(file.NewBatchThreshold, q.batch/2)
	q.attempts = valueOr(file.MaxDequeueCount, defaultAttempts)
	q.base64 = file.Encoding == "" || strings.EqualFold(file.Encoding, "base64")
	var faults []error
	if !q.base64 && !strings.EqualFold(file.Encoding, "none") {
		faults = append(faults, fmt.Errorf("messageEncoding is %q, not none or base64", file.Encoding))
	}
	if q.batch < 1 || q.batch > 32 || q.threshold < 0 || q.attempts < 1 {
		faults = append(faults, errors.New("batchSize must be 1 to 32, newBatchThreshold 0 or more, maxDequeueCount 1 or more"))
	}
	faults = append(faults, span(&q.delay, file.VisibilityTimeout, 0), span(&q.poll, file.MaxPolling, defaultPolling))
	return errors.Join(faults...)
}

// check refuses what the stand-in cannot play truly and what would make two
// functions answer the same request.
func (a *application) check(forwarding bool) error {
	var faults []error
	var web []*function
	for _, f := range a.functions {
		if f.route != nil {
			web = append(web, f)
		}
	}
	if len(web) > 0 && !a.proxying && !forwarding {
		faults = append(faults, errors.New("neither proxying nor forwarding is on: HTTP functions called by envelope are not played here"))
	}
	for i, one := range web {
		for _, other := range web[i+1:] {
			if one.sharesMethod(other) && one.route.overlaps(other.route) {
				faults = append(faults, fmt.Errorf("functions %s and %s answer the same requests: %s and %s", one.name, other.name, one.route.template, other.route.template))
			}
		}
	}
	return errors.Join(faults...)
}

var settingName = regexp.MustCompile(`%([^%]+)%`)

// expand replaces %NAME% by the setting of that name.
func expand(text string, settings map[string]string) (string, error) {
	var missing error
	expanded := settingName.ReplaceAllStringFunc(text, func(found string) string {
		value, present := settings[strings.Trim(found, "%")]
		if !present {
			missing = fmt.Errorf("%q names a setting that does not exist", found)
		}
		return value
	})
	return expanded, missing
}

// span reads a .NET time span: [days.]hours:minutes:seconds. "-1" means
// without end and is given as the longest duration.
func span(into *time.Duration, text string, absent time.Duration) error {
	if text == "" {
		*into = absent
		return nil
	}
	if text == "-1" {
		*into = 1<<63 - 1
		return nil
	}
	match := spanForm.FindStringSubmatch(text)
	if match == nil {
		return fmt.Errorf("%q is not a time span of the form hh:mm:ss", text)
	}
	var total time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		count := 0
		_, _ = fmt.Sscanf(match[i+1], "%d", &count)
		total += time.Duration(count) * unit
	}
	seconds, err := time.ParseDuration(match[4] + "s")
	*into = total + seconds
	return err
}

var spanForm = regexp.MustCompile(`^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$`)

func readJSON(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the package: %w", err)
	}
	err = json.Unmarshal(content, into)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func valueOr(value *int, absent int) int {
	if value == nil {
		return absent
	}
	return *value
}
