// What an empty page offers to begin with.

export const SAMPLES = [
  {
    name: "A story",
    text: "The harbour was quiet that morning. Nobody spoke of the storm; the boats lay side by side, and the old pilot mended his net as if there had been no wind at all.\n\n“You heard it too,” said the boy.\n\nThe pilot did not look up. “I heard it before you were born.”",
  },
  {
    name: "Numbers and dates",
    text: "On 03/15/2026 at 7:45 pm, Dr. Smith paid $12.50 for 3/4 cup of espresso at 221 Main St. The thermometer read -5°C, and version 2.0.1 of her report was due in 30 min.",
  },
  {
    name: "A notice",
    text: "Attention, please. The train to Bergen leaves from platform nine in four minutes. Mind the step, and keep your luggage with you at all times. Thank you for travelling with us.",
  },
];
