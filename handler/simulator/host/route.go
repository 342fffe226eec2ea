package host

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// route is a parsed route template, such as grants/{id}/{view?}.
type route struct {
	template string
	segments []segment
}

// segment is one part of a template between two slashes.
type segment struct {
	literal  string // lower case, for a segment without a parameter
	name     string // of the parameter
	optional bool
	catchAll bool
	fits     []constraint
}

// constraint is one condition on a parameter, such as int or maxlength(20).
type constraint struct {
	kind  string
	bound int
}

var (
	parameterForm  = regexp.MustCompile(`^\{(\*{0,2})([A-Za-z_][A-Za-z0-9_]*)((?::[a-z]+(?:\(\d+\))?)*)(\??)\}$`)
	constraintForm = regexp.MustCompile(`:([a-z]+)(?:\((\d+)\))?`)
	identifier     = regexp.MustCompile(`^[0-9A-Fa-f]{8}-?([0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}$`)
	letters        = regexp.MustCompile(`^[A-Za-z]*$`)
)

// parseRoute reads the subset of ASP.NET Core route templates in which every
// segment is either text or one parameter. Anything else is an error, so that
// a template never means less here than in the real host.
func parseRoute(template string) (*route, error) {
	parsed := &route{template: template}
	if template == "" {
		return parsed, nil
	}
	parts := strings.Split(strings.Trim(template, "/"), "/")
	for i, part := range parts {
		one, err := parseSegment(part)
		if err != nil {
			return nil, fmt.Errorf("route %s: %w", template, err)
		}
		if one.catchAll && i < len(parts)-1 {
			return nil, fmt.Errorf("route %s: only the last segment takes the rest", template)
		}
		if i > 0 && parsed.segments[i-1].optional && !one.optional && !one.catchAll {
			return nil, fmt.Errorf("route %s: only the last segments can be optional", template)
		}
		parsed.segments = append(parsed.segments, one)
	}
	return parsed, nil
}

func parseSegment(part string) (segment, error) {
	if !strings.ContainsAny(part, "{}") {
		return segment{literal: strings.ToLower(part)}, nil
	}
	match := parameterForm.FindStringSubmatch(part)
	if match == nil {
		return segment{}, fmt.Errorf("segment %s is not played here", part)
	}
	parsed := segment{name: match[2], catchAll: match[1] != "", optional: match[4] != ""}
	for _, found := range constraintForm.FindAllStringSubmatch(match[3], -1) {
		bound, _ := strconv.Atoi(found[2])
		one := constraint{kind: found[1], bound: bound}
		if !slices.Contains([]string{"int", "long", "guid", "alpha", "bool", "length", "minlength", "maxlength"}, one.kind) {
			return segment{}, fmt.Errorf("constraint %s is not played here", one.kind)
		}
		parsed.fits = append(parsed.fits, one)
	}
	return parsed, nil
}

// matches tells whether an escaped path, without the prefix and its slashes,
// is the route's. Text compares without case.
func (r *route) matches(path string) bool {
	var parts []string
	if trimmed := strings.Trim(path, "/"); trimmed != "" {
		parts = strings.Split(trimmed, "/")
	}
	for i, one := range r.segments {
		if one.catchAll {
			return true
		}
		if i >= len(parts) {
			return one.optional
		}
		text, err := url.PathUnescape(parts[i])
		if err != nil || !one.accepts(text) {
			return false
		}
	}
	return len(parts) <= len(r.segments)
}

func (s segment) accepts(text string) bool {
	if s.name == "" {
		return strings.EqualFold(s.literal, text)
	}
	if text == "" {
		return false
	}
	return !slices.ContainsFunc(s.fits, func(one constraint) bool { return !one.accepts(text) })
}

func (c constraint) accepts(text string) bool {
	var err error
	switch c.kind {
	case "int":
		_, err = strconv.ParseInt(text, 10, 32)
	case "long":
		_, err = strconv.ParseInt(text, 10, 64)
	case "bool":
		return strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
	case "guid":
		return identifier.MatchString(text)
	case "alpha":
		return letters.MatchString(text)
	case "length":
		return len(text) == c.bound
	case "minlength":
		return len(text) >= c.bound
	case "maxlength":
		return len(text) <= c.bound
	}
	return err == nil
}

// overlaps tells whether some path is matched by both routes. Two parameters
// always can be equal as far as is known here; their constraints are compared
// with text only.
func (r *route) overlaps(other *route) bool {
	return overlap(r.segments, other.segments)
}

func overlap(one, other []segment) bool {
	if len(one) == 0 {
		return skippable(other)
	}
	if len(other) == 0 {
		return skippable(one)
	}
	if one[0].catchAll || other[0].catchAll {
		return true
	}
	// Whatever follows an optional segment is optional too, so where both may
	// end here, both match the shorter path.
	if one[0].optional && other[0].optional {
		return true
	}
	return meets(one[0], other[0]) && overlap(one[1:], other[1:])
}

func skippable(rest []segment) bool {
	return len(rest) == 0 || rest[0].optional || rest[0].catchAll
}

func meets(one, other segment) bool {
	switch {
	case one.name == "":
		return other.accepts(one.literal)
	case other.name == "":
		return one.accepts(other.literal)
	}
	return true
}
