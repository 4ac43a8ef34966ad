/** The picture of the timeline: axes, a lane for each thing that is counted, marks, and where the machine stands. */
import { axisBottom, axisTop } from 'd3-axis';
import { type ScaleLinear, scaleLinear } from 'd3-scale';
import { select } from 'd3-selection';
import { area, curveStepAfter, line } from 'd3-shape';
import type { TimelineAxis, TimelineMark, TimelineRange } from '../../adapter/dap/custom.ts';
import type { Plot } from '../timeline/found-rows.ts';
import { eachOnce, heights, LANES, NS, other, packetAt, plotPoints } from '../timeline/timeline-model.ts';
import { attributes, setText, svg } from './dom.ts';
import type { TimelineStrings } from './strings.ts';

/** Pixels: names of lanes on the left, room on the right, axes above and below. */
const LEFT = 96;
const RIGHT = 28;
const AXIS = 20;
const LANE = 24;
const PLOT = 44;
const GAP = 5;
/** Between two labels of an axis, and of a bar. */
const LABEL = 110;
const BAR = 3;
/** Characters of a plot's name that there is room for. */
const MAX_NAME = 15;
/** Pixels from a mark within which it is meant. */
const NEAR = 5;

/** The outline of a mark around its place. */
const SHAPES: Readonly<Record<TimelineMark['kind'], string>> = {
  stop: 'M0,-6L6,0L0,6L-6,0Z',
  bookmark: 'M-1,8V-8H8L5,-4.5L8,-1H1V8Z',
  checkpoint: 'M-5,-5H5V5H-5Z',
  saved: 'M-0.5,6H0.5V11H-0.5Z',
  row: 'M-1,-11H1V11H-1Z',
};

/** What is drawn besides the range. */
export interface Besides {
  /** Where the user is about to go; undefined: nowhere. */
  readonly cursor: number | undefined;
  /** Values over time, each in a lane of its own below the others. */
  readonly plots: readonly Plot[];
}

export class TimelinePicture {
  readonly element = svg('svg', { class: 'picture', 'aria-hidden': 'true' });
  readonly #strings: TimelineStrings;
  readonly #packets = svg('g', { class: 'axis' });
  readonly #time = svg('g', { class: 'axis' });
  readonly #titles = [svg('text', { class: 'title', x: '0' }), svg('text', { class: 'title', x: '0' })] as const;
  readonly #lanes = svg('g', {});
  readonly #plots = svg('g', {});
  readonly #marks = svg('g', {});
  readonly #future = svg('rect', { class: 'future' });
  readonly #here = svg('path', { class: 'here' });
  readonly #cursor = svg('path', { class: 'cursor' });
  #width = 0;
  #plotCount = 0;
  #scale: ScaleLinear<number, number> = scaleLinear();
  #drawn: readonly TimelineMark[] = [];
  #axis: TimelineAxis = 'ns';

  constructor(strings: TimelineStrings) {
    this.#strings = strings;
    const { element } = this;
    element.append(this.#packets, this.#time, ...this.#titles, this.#lanes, this.#plots);
    element.append(this.#future, this.#marks);
    element.append(this.#cursor, this.#here);
  }

  /** How many parts there is room for. */
  get parts(): number {
    return Math.max(1, Math.floor((this.#width - LEFT - RIGHT) / BAR));
  }

  /** Takes so many pixels, with room for so many plots. */
  resize(width: number, plots: number): void {
    this.#plotCount = plots;
    this.#width = Math.max(LEFT + RIGHT + 50, width);
    attributes(this.element, { width: String(this.#width), height: String(this.#bottom + AXIS) });
  }

  get #plotsTop(): number {
    return AXIS + (LANES.length + 1) * (LANE + GAP);
  }

  get #bottom(): number {
    return this.#plotsTop + this.#plotCount * (PLOT + GAP);
  }

  /** The place at a point of the page. */
  placeAt(clientX: number): number {
    const [first = 0, last = 0] = this.#scale.domain();
    const x = clientX - this.element.getBoundingClientRect().left;
    const place = this.#scale.invert(x) * (this.#axis === 'ns' ? NS : 1);
    const unit = this.#axis === 'ns' ? NS : 1;
    return Math.min(last * unit, Math.max(first * unit, place));
  }

  /** The mark at a point of the page. */
  markAt(clientX: number): TimelineMark | undefined {
    const x = clientX - this.element.getBoundingClientRect().left;
    const near = (mark: TimelineMark): number => Math.abs(this.#x(mark[this.#axis]) - x);
    const [nearest] = this.#drawn.filter(({ kind }) => kind !== 'saved').sort((a, b) => near(a) - near(b));
    return nearest && near(nearest) <= NEAR ? nearest : undefined;
  }

  /** True for what lies in the lanes, and not beside them. */
  holds(clientX: number): boolean {
    const x = clientX - this.element.getBoundingClientRect().left;
    return x >= LEFT - 2 && x <= this.#width - RIGHT + 2;
  }

  draw(range: TimelineRange, [from, to]: readonly [number, number], { cursor, plots }: Besides): void {
    this.#axis = range.axis;
    const unit = range.axis === 'ns' ? NS : 1;
    this.#scale = scaleLinear([from / unit, to / unit], [LEFT, this.#width - RIGHT]);
    this.#drawAxes(range);
    this.#drawLanes(range);
    this.#drawMarks(range);
    this.#drawPlots(range, plots);
    const { here } = range;
    attributes(this.#here, { d: here ? this.#line(here[range.axis], true) : '', 'data-past': String(range.inPast) });
    attributes(this.#cursor, { d: cursor === undefined ? '' : this.#line(cursor, false) });
    const x = range.inPast && here ? Math.min(this.#width - RIGHT, Math.max(LEFT, this.#x(here[range.axis]))) : 0;
    const width = x > 0 ? this.#width - RIGHT - x : 0;
    attributes(this.#future, { x: `${x}`, y: `${AXIS}`, width: `${width}`, height: `${this.#bottom - AXIS}` });
  }

  #x(place: number): number {
    return this.#scale(this.#axis === 'ns' ? place / NS : place);
  }

  /** A line through all lanes, with a head if it says where the machine stands. */
  #line(place: number, head: boolean): string {
    const x = this.#x(place);
    if (x < LEFT - 1 || x > this.#width - RIGHT + 1) {
      return '';
    }
    const triangle = head ? `M${x - 6},${AXIS - 8}H${x + 6}L${x},${AXIS}Z` : '';
    return `M${x - 0.75},${AXIS}H${x + 0.75}V${this.#bottom}H${x - 0.75}Z${triangle}`;
  }

  #drawAxes(range: TimelineRange): void {
    const { strings, count } = { strings: this.#strings, count: Math.max(2, (this.#width - LEFT - RIGHT) / LABEL) };
    const own = this.#scale.ticks(count).filter((tick) => range.axis === 'ns' || Number.isInteger(tick));
    const alongTime = range.axis === 'ns';
    const seconds = alongTime ? own : own.map((tick) => other(range, tick) / NS);
    const digits = decimalsFor(seconds);
    const times = seconds.map(alongTime ? this.#scale.tickFormat(count) : (s) => s.toFixed(digits));
    const bottom = eachOnce(times);
    const top = eachOnce(own.map((tick) => packetAt(range, alongTime ? tick * NS : tick)));
    const make = { time: axisBottom(this.#scale), packets: axisTop(this.#scale) };
    select(this.#time).call(
      make.time
        .tickValues(own)
        .tickSize(4)
        .tickFormat((_, i) => bottom[i] ?? '') as never,
    );
    select(this.#packets).call(
      make.packets
        .tickValues(own)
        .tickSize(4)
        .tickFormat((_, i) => top[i] ?? '') as never,
    );
    attributes(this.#packets, { transform: `translate(0,${AXIS})` });
    attributes(this.#time, { transform: `translate(0,${this.#bottom})` });
    const [packetTitle, timeTitle] = this.#titles;
    attributes(packetTitle, { y: `${AXIS - 6}` });
    attributes(timeTitle, { y: `${this.#bottom + 14}` });
    setText(packetTitle, strings.packets);
    setText(timeTitle, `${strings.time} (s)`);
  }

  #drawLanes({ lanes, from, to, bounds }: TimelineRange): void {
    const parts = bounds.length - 1;
    const place = (i: number): number => this.#x(from + ((to - from) * i) / parts);
    const clamp = (x: number): number => Math.min(this.#width - RIGHT, Math.max(LEFT, x));
    for (const [row, name] of [...LANES, 'marks' as const].entries()) {
      const group = this.#laneGroup(row, name);
      const y = AXIS + row * (LANE + GAP) + GAP / 2;
      const [ground, bars, label, most] = group.children as unknown as [SVGElement, SVGElement, SVGElement, SVGElement];
      attributes(ground, { x: `${LEFT}`, y: `${y}`, width: `${this.#width - LEFT - RIGHT}`, height: `${LANE}` });
      attributes(label, { x: '0', y: `${y + LANE / 2}` });
      setText(label, this.#strings[name]);
      if (name !== 'marks') {
        const counts = lanes[name];
        const shape = area<number>()
          .x((_, i) => clamp(place(i)))
          .y0(y + LANE)
          .y1((height) => y + LANE - height * (LANE - 2))
          .curve(curveStepAfter);
        const tall = heights(counts, 0.12);
        attributes(bars, { d: shape([...tall, tall.at(-1) ?? 0]) ?? '' });
        attributes(most, { x: `${this.#width - RIGHT - 2}`, y: `${y + 8}` });
        const max = counts.reduce((a, b) => Math.max(a, b), 0);
        setText(most, max > 1 ? `${this.#strings.most} ${max}` : '');
      }
    }
  }

  #drawPlots(range: TimelineRange, plots: readonly Plot[]): void {
    const elements = plots.map((plot, row) => this.#plotGroup(range, plot, this.#plotsTop + row * (PLOT + GAP)));
    this.#plots.replaceChildren(...elements);
  }

  /** A value as a line in steps, with its least and its greatest. */
  #plotGroup(range: TimelineRange, plot: Plot, y: number): SVGElement {
    const right = this.#width - RIGHT;
    const points = plotPoints(range, plot);
    const values = points.map(({ value }) => value);
    const [least, high] = [Math.min(...values), Math.max(...values)];
    // A value that comes near 0 begins there; a number that is always large, as a sequence number, does not.
    const low = least >= 0 && least <= high / 2 ? 0 : least;
    const height = scaleLinear([low, high === low ? low + 1 : high], [y + PLOT - 2, y + 2]);
    const shape = line<Plot['points'][number]>()
      .x((point) => Math.min(right, this.#x(point[range.axis])))
      .y(({ value }) => height(value))
      .curve(curveStepAfter);
    const last = points.at(-1);
    const group = svg('g', { 'data-plot': plot.name });
    const d = shape([...points, ...(last ? [{ ...last, [range.axis]: range.to }] : [])]) ?? '';
    const label = svg('text', { class: 'label', x: '0', y: `${y + PLOT / 2}` });
    label.textContent = plot.name.length > MAX_NAME ? `${plot.name.slice(0, MAX_NAME - 1)}…` : plot.name;
    const title = svg('title', {});
    title.textContent = plot.name;
    label.append(title);
    const most = svg('text', { class: 'most', x: `${right - 2}`, y: `${y + 9}` });
    most.textContent = values.length > 0 ? `${Math.max(...values)}` : '';
    const ground = { class: 'ground', x: `${LEFT}`, y: `${y}`, width: `${right - LEFT}`, height: `${PLOT}` };
    group.append(svg('rect', ground), svg('path', { class: 'plot', d }), label, most);
    return group;
  }

  #laneGroup(row: number, name: string): SVGElement {
    const there = this.#lanes.children[row] as SVGElement | undefined;
    if (there) {
      return there;
    }
    const group = svg('g', { 'data-lane': name });
    group.append(svg('rect', { class: 'ground' }), svg('path', { class: 'bars' }));
    group.append(svg('text', { class: 'label' }), svg('text', { class: 'most' }));
    this.#lanes.append(group);
    return group;
  }

  #drawMarks({ axis, marks }: TimelineRange): void {
    this.#drawn = marks;
    const y = AXIS + LANES.length * (LANE + GAP) + GAP / 2 + LANE / 2;
    const shown = marks.flatMap((mark) => {
      const x = this.#x(mark[axis]);
      return x >= LEFT && x <= this.#width - RIGHT ? [{ mark, x }] : [];
    });
    const elements = shown.map(({ mark, x }) =>
      svg('path', { d: SHAPES[mark.kind], class: 'mark', 'data-mark': mark.kind, transform: `translate(${x},${y})` }),
    );
    this.#marks.replaceChildren(...elements);
  }
}

/** Decimals that tell values apart. */
function decimalsFor(values: readonly number[]): number {
  const gaps = values.slice(1).map((value, i) => value - (values[i] ?? 0));
  const least = gaps.filter((gap) => gap > 0).reduce((a, b) => Math.min(a, b), 1);
  return Math.min(9, Math.max(0, Math.ceil(-Math.log10(least))));
}
