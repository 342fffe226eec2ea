package host

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// schedule is a parsed NCRONTAB expression of six fields: second, minute, hour,
// day, month, day of the week (Microsoft Learn, Timer trigger for Azure
// Functions). Times are UTC, the only zone of the plan that is deployed to.
type schedule struct {
	expression string
	// fields holds the accepted values of each field in that order.
	fields [6][]bool
}

// limits are the first and last value of each field.
var limits = [6][2]int{{0, 59}, {0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}}

// parseSchedule reads an expression. Five fields and time spans are refused:
// the first mean something else on other hosts, the second need a plan with
// machines of its own.
func parseSchedule(expression string) (*schedule, error) {
	texts := strings.Fields(expression)
	if len(texts) != len(limits) {
		return nil, fmt.Errorf("schedule %q has %d fields, not six", expression, len(texts))
	}
	parsed := &schedule{expression: expression}
	for i, text := range texts {
		parsed.fields[i] = make([]bool, limits[i][1]+1)
		for part := range strings.SplitSeq(text, ",") {
			err := parsed.add(i, part)
			if err != nil {
				return nil, fmt.Errorf("schedule %q: %w", expression, err)
			}
		}
	}
	return parsed, nil
}

// add accepts the values of one part of a list: *, 5, 1-5, */10, 1-30/5.
func (s *schedule) add(field int, part string) error {
	whole, step := part, 1
	before, after, stepped := strings.Cut(part, "/")
	if stepped {
		number, err := strconv.Atoi(after)
		if err != nil || number < 1 {
			return fmt.Errorf("%q is not a step", part)
		}
		whole, step = before, number
	}
	first, last := limits[field][0], limits[field][1]
	if whole != "*" {
		from, to, ranged := strings.Cut(whole, "-")
		var err error
		first, err = value(field, from)
		if err != nil {
			return err
		}
		if ranged {
			last, err = value(field, to)
		} else if !stepped {
			last = first
		}
		if err != nil || last < first {
			return fmt.Errorf("%q is not a range", part)
		}
	}
	for number := first; number <= last; number += step {
		s.fields[field][number] = true
	}
	return nil
}

func value(field int, text string) (int, error) {
	number, err := strconv.Atoi(text)
	if err != nil {
		number = named(field, strings.ToLower(text))
	}
	if number < limits[field][0] || number > limits[field][1] {
		return 0, fmt.Errorf("%q is not a value of field %d", text, field+1)
	}
	return number, nil
}

// named returns the number of a month's or weekday's name, short or long, and
// -1 for anything else.
func named(field int, text string) int {
	long := []string{}
	switch field {
	case 4:
		for month := time.January; month <= time.December; month++ {
			long = append(long, strings.ToLower(month.String()))
		}
	case 5:
		for day := time.Sunday; day <= time.Saturday; day++ {
			long = append(long, strings.ToLower(day.String()))
		}
	}
	index := slices.IndexFunc(long, func(name string) bool { return text == name || text == name[:3] })
	if index < 0 {
		return -1
	}
	return index + limits[field][0]
}

// next returns the first occurrence after t, the zero time when there is none
// within eight years (a 29 February on the wrong weekday can take longer than
// four).
func (s *schedule) next(t time.Time) time.Time {
	at := t.UTC().Truncate(time.Second).Add(time.Second)
	end := at.AddDate(8, 0, 0)
	for at.Before(end) {
		year, month, day := at.Date()
		switch {
		case !s.fields[4][month]:
			at = time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
		case !s.fields[3][day] || !s.fields[5][at.Weekday()]:
			at = time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC)
		case !s.fields[2][at.Hour()]:
			at = at.Truncate(time.Hour).Add(time.Hour)
		case !s.fields[1][at.Minute()]:
			at = at.Truncate(time.Minute).Add(time.Minute)
		case !s.fields[0][at.Second()]:
			at = at.Add(time.Second)
		default:
			return at
		}
	}
	return time.Time{}
}

// frequent tells whether occurrences are less than a minute apart; the host
// keeps no record of such schedules.
func (s *schedule) frequent(now time.Time) bool {
	first := s.next(now)
	return s.next(first).Sub(first) < time.Minute
}
