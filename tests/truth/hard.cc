/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hard cases for who reads variables of C++: a comment that begins with an @
 * lists what is printed at its line.
 */
#include <cstdint>
#include <cstdio>

#include "hard.h"

namespace shapes {

enum class kind : unsigned char { square = 3, circle = 200 };
enum plain { LEFT = -1, RIGHT = 1 };

int counter = 12;

namespace inner {
long depth = -44;
}

struct base {
	int id;
	kind what;
	static int instances;

	explicit base(int i) : id(i), what(kind::circle)
	{
		instances++;
		KEEP(this);	/* @ this->id; this->what; i; id */
	}
	OPAQUE long area(int scale)
	{
		long a = id * scale;	/* @ this->id; this->what; scale; id */

		KEEP(a);	/* @ a; this->id; scale; id */
		return a;
	}
};

int base::instances = 0;

struct sized {
	double width;
	short height;
};

class derived : public base, public sized {
    public:
	derived(int i, double w) : base(i), sized{ w, (short)(i * 2) }
	{
		hidden = i + 0.5f;
		KEEP(this);
		/* @ this->id; this->width; this->height; this->hidden; i; w */
	}
	OPAQUE long volume(int deep, const sized &by)
	{
		long v = height * deep;
		/* @ this->id; this->height; this->width; this->what; hidden;
		 * deep; by.width; by.height; by */

		v += (long)by.width;
		/* @ v; deep; by.height; id; hidden; height; *this$ */
		KEEP(v);	/* @ v; id; what; deep */
		return v + private_part();
	}

    private:
	float hidden;

	long private_part() const
	{
		KEEP(this);	/* @ this->hidden; hidden; this->id */
		return (long)hidden;
	}
};

struct polymorphic {
	long value;

	explicit polymorphic(long v) : value(v) {}
	virtual long get(int n)
	{
		KEEP(n);	/* @ n; this->value; value */
		return value + n;
	}
	virtual ~polymorphic() {}
};

struct loud : polymorphic {
	char word[6];

	explicit loud(long v) : polymorphic(v), word{ 'l', 'o', 'u', 'd', 0 }
	{
	}
	long get(int n) override
	{
		KEEP(n);
		/* @ n; this->value; value; word[1]; this->word */
		return value * n;
	}
};

OPAQUE long by_reference(int &r, const long &c, derived &d, int &&x)
{
	long s = r + c;	/* @ r; *&r; c; *&c; d.id; d.width;
				 * d.height; *&x; &d.height */

	r += 3;
	KEEP(s);	/* @ s; *&r; *&c; d.what; *&x */
	return s + x;
}

}

template <typename T, int N> struct ring {
	T items[N];
	unsigned head : 4, tail : 4;

	OPAQUE void push(T t)
	{
		items[head] = t;
		/* @ t; this->head; this->tail; items[0]; head */
		head++;
		KEEP(t);
		/* @ t; head; tail; items[0]; this->items[1]; *this$ */
	}
};

template <typename T> OPAQUE T largest(const T *v, int n)
{
	T best = v[0];

	for (int i = 1; i < n; i++) {
		if (v[i] > best)
			best = v[i];
		KEEP(v);	/* @ i; n; best; v[i]; *v */
	}
	return best;	/* @ best; n */
}

static int file_static = 8;
thread_local long per_thread = 19;

namespace {
int anonymous = 61;
}

OPAQUE long lambdas(int n)
{
	int captured = n * 2;
	auto add = [&captured, n](int x) {
		int r = captured + n + x;

		KEEP(r);	/* @ r; x */
		return r;
	};
	long total = add(1);

	total += add(2);
	KEEP(total);	/* @ total; n; captured */
	return total;
}

OPAQUE long globals(bool yes, shapes::plain side, shapes::kind what,
		    std::int64_t wide, char16_t c16)
{
	using namespace shapes;
	per_thread += wide;
	KEEP(yes);
	/* @ yes; side; what; wide; c16; file_static; per_thread; anonymous;
	 * shapes::counter; shapes::inner::depth; shapes::base::instances;
	 * other_global; other_array[2] */
	file_static++;
	KEEP(side);	/* @ yes; side; what; wide; counter; file_static */
	return counter + anonymous + (long)what + c16;
}

int main(int argc, char **)
{
	shapes::derived d(argc + 3, 2.25);
	shapes::derived *other = new shapes::derived(argc, -1);
	shapes::sized by{ 10.5, -6 };
	shapes::loud loud(argc + 20);
	shapes::polymorphic *p = &loud;
	ring<short, 4> r = { { 1, 2, 3, 4 }, 1, 3 };
	double reals[] = { 1.5, 9.75, -3 };
	int ints[] = { 4, 9, -2, 8 };
	int i = 7;
	long c = -70;
	long sum = d.area(2);
	/* @ d.id; d.width; d.height; by.width; i; c; other->id; r.head;
	 * ints[1]; argc; loud.word[0] */

	sum += d.volume(5, by) + other->volume(1, *other);
	sum += shapes::by_reference(i, c, d, argc + 1);
	sum += p->get(3);	/* @ sum; i; c; d.what; p->value */
	r.push(77);
	r.push(-5);
	sum += largest(ints, 4) + (long)largest(reals, 3);
	/* @ sum; r.items[1]; r.head; r.tail; r$; loud.value; by$ */
	sum += lambdas(argc);
	sum += globals(true, shapes::LEFT, shapes::kind::square, -1, u'x');
	std::printf("%ld\n", sum + shapes::inner::depth +
		    shapes::base::instances + other_call(1));
		/* @ sum; i; argc */
	return 0;
}
